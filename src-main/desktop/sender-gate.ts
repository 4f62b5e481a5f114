/** Whether an IPC message may be answered: only the top frame of our own page. Pure, so that it can be checked without Electron. */
export function isTrustedSender(frameUrl: string | undefined, isTopFrame: boolean, allowedOrigins: readonly string[]): boolean {
  if (!isTopFrame || frameUrl === undefined) return false
  try {
    const { protocol, host } = new URL(frameUrl)
    return allowedOrigins.includes(`${protocol}//${host}`)
  } catch {
    return false
  }
}
