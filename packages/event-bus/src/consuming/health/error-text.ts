/** The code is what to look up; errors of drivers that have none are told by their names. */
export function errorText(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return `${code}: ${error.message}`
}
