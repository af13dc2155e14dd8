/** How a retry topic says its delay: `10s`, `5m`, `1h`. One way to write each delay, so that a delay has one topic. */
const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

/** As a regular expression; it also matches labels that are not the canonical ones, such as `60s`. */
export const delayLabelPattern = '[1-9][0-9]{0,15}(?:ms|s|m|h|d)'

/** In the largest unit that divides it. @param delayMs a whole number of at least 1 */
export function delayLabel(delayMs: number): string {
  for (const [unit, ms] of units) if (delayMs % ms === 0) return `${delayMs / ms}${unit}`
  throw new RangeError(`a delay is a whole number of milliseconds, got ${delayMs}`)
}

/** The delay of a canonical label, in milliseconds; null for any other text. */
export function delayFromLabel(label: string): number | null {
  const [, digits, name] = /^([1-9][0-9]{0,15})(ms|s|m|h|d)$/.exec(label) ?? []
  const unit = units.find(([candidate]) => candidate === name)
  if (unit === undefined) return null
  const delayMs = Number(digits) * unit[1]
  return Number.isSafeInteger(delayMs) && delayLabel(delayMs) === label ? delayMs : null
}
