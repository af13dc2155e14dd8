/** The command was called wrongly. */
export class UsageError extends Error {}

/** @throws {UsageError} unless it is a number above zero */
export function numberOption(flag: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (text === '' || !Number.isFinite(value) || value <= 0)
    throw new UsageError(`${flag} takes a number above 0, not "${text}"`)
  return value
}
