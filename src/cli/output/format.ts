/**
 * Formats numbers for people.
 * @module
 */

/** `1,234,567` */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** `1 block`, `2 blocks` */
export function countOf(value: number, noun: string): string {
  return `${formatCount(value)} ${noun}${Math.round(value) === 1 ? '' : 's'}`
}

/** Some three digits: `0.45`, `12.3`, `1,234`. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 100) return formatCount(perSecond)
  return perSecond >= 10 || perSecond === 0 ? perSecond.toFixed(perSecond === 0 ? 0 : 1) : perSecond.toFixed(2)
}

/** Milliseconds that a rate on the screen covers. */
export const RATE_SPAN = 5_000

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB']

/** Units are powers of 1000: `999 B`, `1.2 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 999.5 && unit < UNITS.length - 1; unit++) value /= 1000
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}

/** Formats milliseconds: `0.8 s`, `12 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${padTwo(whole % 60)} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${padTwo(Math.floor((whole % 3600) / 60))} min`
  return `${Math.floor(whole / 86_400)} d ${padTwo(Math.floor((whole % 86_400) / 3600))} h`
}

function padTwo(value: number): string {
  return String(value).padStart(2, '0')
}

/** Abbreviates a hash to its start and end: `0xb62580…93c43a`. */
export function shortHash(hash: string): string {
  return hash.length <= 20 ? hash : `${hash.slice(0, 8)}…${hash.slice(-6)}`
}
