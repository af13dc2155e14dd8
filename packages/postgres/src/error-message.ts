/** One line about whatever was thrown, for a column or a log. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? `${String(error.code)}: ${error.message}` : error.message
}
