/** Numbers, times and sizes as a person reads them. Pure; English for now, by one locale constant. */
const LOCALE = 'en-GB'
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })
const tenths = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 })
const dateTime = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' })

export const formatCount = (value: number): string => whole.format(value)

export function plural(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** A setting's unit beside its value: one turn, two turns. Units without a plural of their own, such as MiB, stay as they are. */
export function unitFor(value: unknown, unit: string): string {
  return value === 1 && /[a-z]s$/.test(unit) ? unit.slice(0, -1) : unit
}

export const photos = (count: number): string => plural(count, 'photo', 'photos')

/** "about 3 min", "about 2 h 10 min", "less than a minute". */
export function formatTimeLeft(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return 'less than a minute'
  if (minutes < 60) return `about ${minutes} min`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `about ${hours} h` : `about ${hours} h ${minutes % 60} min`
}

export const formatRate = (perMinute: number): string => `${perMinute < 10 ? tenths.format(perMinute) : formatCount(perMinute)} photos/min`

export const formatTime = (timeMs: number): string => dateTime.format(timeMs)

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${formatCount(bytes / 1000)} kB`
  if (bytes < 1_000_000_000) return `${tenths.format(bytes / 1_000_000)} MB`
  return `${tenths.format(bytes / 1_000_000_000)} GB`
}

/** MB of 2^20 bytes, as drivers count memory: a card of 24 GB is called that. */
export const formatMegabytes = (megabytes: number): string =>
  megabytes >= 1000 ? `${tenths.format(megabytes / 1024)} GB` : `${formatCount(megabytes)} MB`

export const formatPercent = (share: number): string => `${formatCount(share * 100)} %`
