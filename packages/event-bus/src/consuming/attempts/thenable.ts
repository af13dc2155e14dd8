/** Whether a handler's outcome is still to come. May throw what a getter throws. */
export function isThenable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return value instanceof Promise || ('then' in value && typeof value.then === 'function')
}
