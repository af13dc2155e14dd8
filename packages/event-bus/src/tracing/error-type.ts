/** `error.type` of whatever was thrown: its code, else its class, else what `typeof` says. Never throws itself, whatever it is given. */
export function errorTypeOf(thrown: unknown): string {
  try {
    if (typeof thrown !== 'object' || thrown === null) return String(thrown === null ? 'null' : typeof thrown)
    if ('code' in thrown && typeof thrown.code === 'string' && thrown.code !== '') return thrown.code
    if ('name' in thrown && typeof thrown.name === 'string' && thrown.name !== '') return thrown.name
    return 'object'
  } catch {
    return 'unreadable'
  }
}
