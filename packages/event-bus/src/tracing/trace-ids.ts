/** Trace contexts of our own, for when no SDK is there to make them. */
import { randomFillSync } from 'node:crypto'
import { type SpanContext, TraceFlags } from '@opentelemetry/api'

const traceIdBytes = 16
const spanIdBytes = 8

// Random bytes for 512 contexts at a time: asking the system for 24 of them costs more than everything else about a trace.
const pool = Buffer.allocUnsafe(512 * (traceIdBytes + spanIdBytes))
let used = pool.length

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const hex = pool.toString('hex', used, used + bytes)
  used += bytes
  return isZero(hex) ? randomHex(bytes) : hex
}

export function newTraceId(): string {
  return randomHex(traceIdBytes)
}

export function newSpanId(): string {
  return randomHex(spanIdBytes)
}

/**
 * The start of a trace, or a new point in a given one.
 *
 * It is marked as sampled although nothing records it here. Otherwise a publisher without an SDK would switch off tracing in every service behind
 * it: samplers follow their parent, and an unsampled remote parent means "do not record" to all of them.
 */
export function newSpanContext(traceId?: string): SpanContext {
  if (traceId !== undefined) return { traceId, spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED }
  // Both from one piece: asking for hexadecimal digits costs the same for 8 bytes and for 24.
  const hex = randomHex(traceIdBytes + spanIdBytes)
  const fresh = hex.slice(0, 2 * traceIdBytes)
  const spanId = hex.slice(2 * traceIdBytes)
  if (isZero(fresh) || isZero(spanId)) return newSpanContext()
  return { traceId: fresh, spanId, traceFlags: TraceFlags.SAMPLED }
}

/** How W3C says "none"; one time in 2^64 the dice say so too. */
function isZero(id: string): boolean {
  return id.startsWith('00000000') && /^0+$/.test(id)
}
