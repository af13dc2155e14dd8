/** Trace contexts of our own, for when no SDK is there to make them. */
import { randomFillSync } from 'node:crypto'
import { type SpanContext, TraceFlags } from '@opentelemetry/api'
import { writeHex } from '../hex.ts'

const traceIdBytes = 16
const spanIdBytes = 8

// Random bytes for 512 contexts at a time: asking the system for 24 of them costs more than everything else about a trace.
const pool = Buffer.allocUnsafe(512 * (traceIdBytes + spanIdBytes))
let used = pool.length

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) refill()
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

/** The `traceparent` that is being made, as sampled, and where its ids begin. */
const text = Buffer.from(`00-${'0'.repeat(2 * traceIdBytes)}-${'0'.repeat(2 * spanIdBytes)}-01`, 'latin1')
const traceIdAt = 3
const spanIdAt = 36

/**
 * The start of a trace, with the text that goes onto records. The text is made first and its ids are parts of it: joined from its ids it would be a tree of
 * strings, which is flattened when its bytes are asked for.
 */
class TraceStart implements SpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number = TraceFlags.SAMPLED
  readonly #traceparent: string

  constructor(traceparent: string) {
    this.#traceparent = traceparent
    this.traceId = traceparent.slice(traceIdAt, traceIdAt + 2 * traceIdBytes)
    this.spanId = traceparent.slice(spanIdAt, spanIdAt + 2 * spanIdBytes)
  }

  static traceparentOf(spanContext: SpanContext): string | null {
    return spanContext instanceof TraceStart ? spanContext.#traceparent : null
  }
}

/** Returns whether any of the bytes is another than zero. */
function writeRandomHex(position: number, bytes: number): boolean {
  let any = 0
  for (let index = 0; index < bytes; index += 1) {
    const byte = pool[used + index] as number
    any |= byte
    writeHex(text, position + 2 * index, byte)
  }
  used += bytes
  return any !== 0
}

/** The `traceparent` of a trace that began here; null for any other context. */
export const knownTraceparent: (spanContext: SpanContext) => string | null = TraceStart.traceparentOf

/**
 * The start of a trace, or a new point in a given one.
 *
 * It is marked as sampled although nothing records it here. Otherwise a publisher without an SDK would switch off tracing in every service behind
 * it: samplers follow their parent, and an unsampled remote parent means "do not record" to all of them.
 */
export function newSpanContext(traceId?: string): SpanContext {
  if (traceId !== undefined) return { traceId, spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED }
  if (used + traceIdBytes + spanIdBytes > pool.length) refill()
  const isValid = writeRandomHex(traceIdAt, traceIdBytes) && writeRandomHex(spanIdAt, spanIdBytes)
  return isValid ? new TraceStart(text.toString('latin1')) : newSpanContext()
}

function refill(): void {
  randomFillSync(pool)
  used = 0
}

/** How W3C says "none"; one time in 2^64 the dice say so too. */
function isZero(id: string): boolean {
  return id.startsWith('00000000') && /^0+$/.test(id)
}
