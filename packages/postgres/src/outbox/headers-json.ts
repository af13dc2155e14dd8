import type { RawHeader } from '@tributary/event-bus'

/** Header values are bytes, and JSON has none: base64 keeps them as they are. Order and repetitions are kept by the list. */
export function headersToJson(headers: readonly RawHeader[]): string {
  return JSON.stringify(headers.map(([name, value]) => [name, value === null ? null : value.toString('base64')]))
}

export function headersFromJson(headers: readonly (readonly [string, string | null])[]): RawHeader[] {
  return headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value, 'base64')])
}
