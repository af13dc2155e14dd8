/** W3C trace context and baggage, as bytes of Kafka headers. Written out because an object per record, as propagators want one, costs more than the text. */
import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  propagation,
  type SpanContext,
} from '@opentelemetry/api'

const traceparentLength = 55
const hexId = /^(?!0+$)[0-9a-f]+$/
const flagsText = ['-00', '-01'] as const

export function formatTraceparent(spanContext: SpanContext): Buffer {
  const text = `00-${spanContext.traceId}-${spanContext.spanId}${flagsText[(spanContext.traceFlags & 1) as 0 | 1]}`
  return Buffer.from(text, 'latin1')
}

/** Null when it is not a valid traceparent of a version that can be read. The result is marked as remote. */
export function parseTraceparent(value: Buffer): SpanContext | null {
  if (value.length < traceparentLength) return null
  const text = value.toString('latin1', 0, traceparentLength)
  const version = text.slice(0, 2)
  if (text[2] !== '-' || text[35] !== '-' || text[52] !== '-') return null
  if (version === 'ff' || !/^[0-9a-f]{2}$/.test(version)) return null
  // Version 00 ends here; later versions may go on after a hyphen.
  if (value.length > traceparentLength && (version === '00' || value[traceparentLength] !== 0x2d)) return null
  const traceId = text.slice(3, 35)
  const spanId = text.slice(36, 52)
  const flags = text.slice(53)
  if (!hexId.test(traceId) || !hexId.test(spanId) || !/^[0-9a-f]{2}$/.test(flags)) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
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
