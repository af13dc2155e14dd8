/** W3C trace context and baggage, as bytes of Kafka headers. Written out because an object per record, as propagators want one, costs more than the text. */
import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  propagation,
  type SpanContext,
} from '@opentelemetry/api'
import { knownTraceparent } from './trace-ids.ts'

const traceparentLength = 55
const hyphen = 0x2d
const flagsText = ['-00', '-01'] as const

export function traceparentOf(spanContext: SpanContext): string {
  const known = knownTraceparent(spanContext)
  if (known !== null) return known
  return `00-${spanContext.traceId}-${spanContext.spanId}${flagsText[(spanContext.traceFlags & 1) as 0 | 1]}`
}

export function formatTraceparent(spanContext: SpanContext): Buffer {
  return Buffer.from(traceparentOf(spanContext), 'latin1')
}

/** Null when it is not a valid traceparent of a version that can be read. The result is marked as remote. */
export function parseTraceparent(value: Buffer): SpanContext | null {
  if (value.length < traceparentLength) return null
  if (value[2] !== hyphen || value[35] !== hyphen || value[52] !== hyphen) return null
  const version = hexValue(value, 0, 2)
  if (version < 0 || version === 0xff) return null
  // Version 00 ends here; later versions may go on after a hyphen.
  if (value.length > traceparentLength && (version === 0 || value[traceparentLength] !== hyphen)) return null
  const flags = hexValue(value, 53, 55)
  if (hexValue(value, 3, 35) <= 0 || hexValue(value, 36, 52) <= 0 || flags < 0) return null
  const text = value.toString('latin1', 3, 52)
  return { traceId: text.slice(0, 32), spanId: text.slice(33), traceFlags: flags & 1, isRemote: true }
}

/** Of lower-case hexadecimal digits, as far as a number is exact; negative for anything else. Bytes are cheaper to look at than texts are to match. */
function hexValue(bytes: Buffer, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0
    const digit = byte <= 0x39 ? byte - 0x30 : byte >= 0x61 ? byte - 0x57 : -1
    if (digit < 0 || digit > 15) return -1
    value = value * 16 + digit
  }
  return value
}

const longestBaggage = 8_192
const mostBaggageEntries = 180

/** Null when there is nothing to say. Entries beyond the limits of the specification are left out. */
export function formatBaggage(baggage: Baggage): string | null {
  let text = ''
  let count = 0
  for (const [name, entry] of baggage.getAllEntries()) {
    const metadata = entry.metadata?.toString() ?? ''
    const member = `${encodeURIComponent(name)}=${encodeURIComponent(entry.value)}${metadata === '' ? '' : `;${metadata}`}`
    const longer = text === '' ? member : `${text},${member}`
    if (longer.length > longestBaggage || count === mostBaggageEntries) continue
    text = longer
    count++
  }
  return text === '' ? null : text
}

/** Members that cannot be read are left out. */
export function parseBaggage(text: string): Baggage | null {
  const entries: Record<string, BaggageEntry> = {}
  let isEmpty = true
  for (const member of text.slice(0, longestBaggage).split(',').slice(0, mostBaggageEntries)) {
    const [pair = '', ...properties] = member.split(';')
    const equals = pair.indexOf('=')
    if (equals <= 0) continue
    const name = decoded(pair.slice(0, equals).trim())
    const value = decoded(pair.slice(equals + 1).trim())
    if (name === null || name === '' || value === null) continue
    const metadata = properties.join(';').trim()
    entries[name] = metadata === '' ? { value } : { value, metadata: baggageEntryMetadataFromString(metadata) }
    isEmpty = false
  }
  return isEmpty ? null : propagation.createBaggage(entries)
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
