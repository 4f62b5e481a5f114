/** The whole job in a window, by keyboard: the same steps in Chromium and in the Electron window. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const LONG_MS = 120_000

/** With photos imported: runs the embedded model, approves `count` photos, writes them, sees them in the journal. */
export async function tagApproveAndWrite(page: Page, count: number): Promise<void> {
  await page.getByTestId('grid-cell').first().waitFor({ timeout: LONG_MS })
  await page.getByTestId('grid').focus()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.press('t')
  const tagged = page.locator('[data-testid="grid-cell"][data-state="proposed"]')
  await expect.poll(() => tagged.count(), { timeout: LONG_MS }).toBeGreaterThanOrEqual(count)
  await page.locator('[data-testid="run-strip"][data-run-state="done"]').waitFor({ timeout: LONG_MS })

  await page.getByTestId('grid').focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  for (let at = 0; at < count; at += 1) {
    const photo = page.getByTestId('review-photo')
    await photo.waitFor()
    await page.locator('[data-testid="field-title"]').waitFor()
    const shown = await photo.getAttribute('data-photo-id')
    await page.keyboard.press('a')
    await expect
      .poll(async () => ((await page.getByTestId('review-finished').count()) > 0 ? 'finished' : photo.getAttribute('data-photo-id')), {
        timeout: LONG_MS,
      })
      .not.toBe(shown)
  }
  await page.keyboard.press('w')
  await page.getByTestId('plan-list').waitFor({ timeout: LONG_MS })
  await expect.poll(() => page.getByTestId('plan').count(), { timeout: LONG_MS }).toBe(count)
  await page.keyboard.press('Enter')
  await page.getByTestId('outcome-list').waitFor({ timeout: LONG_MS })
  await page.getByTestId('to-journal').focus()
  await page.keyboard.press('Enter')
  await expect.poll(() => page.getByTestId('journal-row').count(), { timeout: LONG_MS }).toBe(count)
}

/** In the journal: takes back everything that is listed. */
export async function revertAll(page: Page, count: number): Promise<void> {
  await page.getByTestId('journal-row').first().focus()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.press('r')
  await page.getByTestId('confirm-revert').waitFor()
  await page.getByTestId('confirm-revert').focus()
  await page.keyboard.press('Enter')
  // Each write, and beside it the entry of its taking back.
  await expect.poll(() => page.locator('[data-testid="journal-row"][data-state="reverted"]').count(), { timeout: LONG_MS }).toBe(2 * count)
}
