/** What a worker process inherits from ours: enough to run, no keys and no settings of the user. */
const INHERITED = ['PATH', 'HOME', 'SystemRoot', 'TEMP', 'TMP', 'USERPROFILE', 'LOCALAPPDATA', 'APPDATA', 'LANG', 'TZ']

export function workerEnvironment(
  ours: Readonly<Record<string, string | undefined>>,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => (ours[name] === undefined ? [] : [[name, ours[name]] as const]))
  return { ...Object.fromEntries(inherited), ...given }
}
