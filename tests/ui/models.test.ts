/** The memory gauge and the models screen in a real browser, on a machine in memory with two cards, a shared one, or none. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeSource, violations } from '../helpers/axe.ts'
import { type RendererHost, startRenderer, whyNoWindow } from '../helpers/renderer-page.ts'
import { noteSkip } from '../helpers/skips.ts'

const why = whyNoWindow()
if (why !== undefined) noteSkip('tests of the memory gauge', why)

const byId = (id: string) => `[data-testid=${id}]`

describe.skipIf(why !== undefined)('the memory of the cards', () => {
  let host: RendererHost
  beforeAll(async () => {
    host = await startRenderer()
  })
  afterAll(() => host?.close())

  async function openGauge(query: string, options?: Parameters<RendererHost['open']>[1]): Promise<Page> {
    const page = await host.open(query, options)
    await page.waitForSelector(byId('memory-gauge'))
    await page.focus(byId('memory-gauge'))
    await page.keyboard.press('Enter')
    await page.waitForSelector(byId('memory-panel'))
    return page
  }

  it('tells each card in words and as a meter, ours apart from others, and never invents a split that the driver does not tell', async () => {
    const page = await openGauge('&machine=two-cards')
    expect(await page.locator(byId('memory-gauge')).innerText()).toContain('17.6 GB of 36 GB')
    const cards = page.locator(byId('gauge-card'))
    expect(await cards.count()).toBe(2)
    const meter = cards.nth(0).locator('[role=meter]')
    expect(await meter.getAttribute('aria-valuetext')).toBe('14.6 GB of 24 GB taken, 9.4 GB free')
    expect(await cards.nth(0).innerText()).toMatch(/Studio\s+12.6 GB\s+Other programs\s+1.4 GB\s+Kept back\s+620 MB\s+Free\s+9.4 GB/)
    expect(await cards.nth(1).innerText()).toMatch(/Studio\s+not told\s+Other programs\s+not told\s+Not told whose\s+3.5 GB/)
    await page.waitForSelector('.sparkline polyline', { state: 'attached' })
    await page.keyboard.press('Escape')
    await page.waitForSelector(byId('memory-panel'), { state: 'detached' })
    expect(await page.evaluate("document.activeElement.getAttribute('data-testid')")).toBe('memory-gauge')
    await page.context().close()
  })

  it('says before a start whether a model fits, what would go for it, or why it cannot', async () => {
    const page = await openGauge('&machine=two-cards')
    const ask = async (name: string, outlook: string) => {
      await page.selectOption(byId('forecast-model'), name)
      return page.waitForSelector(`${byId('forecast')}[data-outlook=${outlook}]`).then((answer) => answer.innerText())
    }
    expect(await ask('embedded', 'fits')).toContain('Needs no graphics memory')
    expect(await ask('qwen3-vl-8b-instruct', 'evicts')).toContain('Would be unloaded: gemma3-12b.')
    await page.context().close()
    const bare = await openGauge('')
    await bare.selectOption(byId('forecast-model'), 'qwen3-vl-8b-instruct')
    await bare.waitForSelector(`${byId('forecast')}[data-outlook=does-not-fit]`)
    await bare.context().close()
  })

  it.each([
    ['', 'processor only', 'There is no graphics card here'],
    ['&machine=shared', '27 GB shared', 'Memory shared with the processor'],
  ])('draws no empty bar where there is nothing to measure (%s)', async (query, short, long) => {
    const page = await openGauge(query)
    expect(await page.locator(byId('memory-gauge')).innerText()).toContain(short)
    expect(await page.locator(byId('memory-panel')).innerText()).toContain(long)
    expect(await page.locator('.meter').count()).toBe(0)
    await page.context().close()
  })

  it('starts, keeps and stops a model, shows its log and which figure of its memory counts', async () => {
    const page = await host.open('&machine=two-cards#/models', { script: axeSource })
    await page.locator(byId('model-more')).nth(1).click()
    await page.waitForSelector(`${byId('model-dialog')}[data-serving=stopped]`)
    expect(await page.locator(byId('model-dialog')).innerText()).toContain('Planned with: 9200 MB')
    expect(await page.isDisabled(byId('model-stop'))).toBe(true)
    await page.click(byId('model-start'))
    await page.waitForSelector(`${byId('model-dialog')}[data-serving=ready]`)
    expect(await page.locator('.serving__log').innerText()).toContain('startup complete')
    await page.click(byId('model-pin'))
    await page.waitForSelector(`${byId('model-pin')}[aria-pressed=true]`)
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await violations(page), colorScheme).toEqual([])
    }
    await page.click(byId('model-stop'))
    await page.waitForSelector(`${byId('model-dialog')}[data-serving=stopped]`)
    await page.context().close()
  })

  it('passes axe in both themes, open on a narrow and on a wide window', async () => {
    for (const width of [1440, 720]) {
      const page = await openGauge('&machine=two-cards', { theme: 'dark', script: axeSource, width })
      await page.selectOption(byId('forecast-model'), 'qwen3-vl-8b-instruct')
      await page.waitForSelector(byId('forecast'))
      const box = await page.locator('.popover__panel').boundingBox()
      expect(box && box.x + box.width).toBeLessThanOrEqual(width)
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        expect(await violations(page), colorScheme).toEqual([])
      }
      await page.context().close()
    }
  })
})
