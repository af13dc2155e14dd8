/**
 * Whether the headers of a record say what its body says. Publishers here always repeat the body, so bytes are compared with bytes first, where both lie: comparing the
 * texts that were made of the body costs three times as much. Only what is not the same byte for byte is looked at as text, times in any zone and precision.
 */
import type { EnvelopeDatum } from './envelope-schema.ts'
import { type HeaderText, isSame, isText, type ReceivedHeaders, repeats, saysExactly } from './received-headers.ts'

const DASH = 0x2d
const TRACE_ID_START = 3
const TRACE_ID_END = 35
const TRACE_ID_LENGTH = TRACE_ID_END - TRACE_ID_START

/** Whether a header that is there says something else than the body. */
export function contradicts(headers: ReceivedHeaders, type: string, body: EnvelopeDatum): boolean {
  return !(
    agrees(headers.type, type) &&
    agrees(headers.id, body.event_id) &&
    agrees(headers.source, body.source) &&
    agreesOnTrace(headers, body.trace_id) &&
    agreesOnTime(headers.time, body.timestamp)
  )
}

/**
 * Whether each header that is there repeats the body of an event of the type that the headers name. False proves nothing: `contradicts` knows.
 *
 * @param value as the event's present schema writes it: the fields before the data lie in it in their order from `start` on
 */
export function repeatsBody(
  headers: ReceivedHeaders,
  value: Buffer,
  start: number,
  { timestamp }: EnvelopeDatum,
): boolean {
  const traceStart = endOfText(value, start)
  const timeStart = endOfText(value, traceStart)
  const sourceStart = endOfLong(value, timeStart)
  const dataStart = endOfText(value, sourceStart)
  return (
    dataStart > 0 &&
    (headers.id.isMissing || repeats(headers.id, value, start + 1, traceStart)) &&
    (headers.source.isMissing || repeats(headers.source, value, sourceStart + 1, dataStart)) &&
    repeatsTrace(headers, value, traceStart + 1, timeStart) &&
    agreesOnTime(headers.time, timestamp)
  )
}

/** Where the Avro string ends that begins here; -1, and from then on, when its length takes more than one byte. */
function endOfText(value: Buffer, at: number): number {
  const zigzag = value[at] ?? 0x80
  return zigzag < 0x80 ? at + 1 + (zigzag >> 1) : -1
}

function endOfLong(value: Buffer, start: number): number {
  if (start < 0) return -1
  let at = start
  while ((value[at] ?? 0) >= 0x80) at += 1
  return at + 1
}

function repeatsTrace(headers: ReceivedHeaders, value: Buffer, from: number, to: number): boolean {
  const { bytes, start, length } = startingTrace(headers)
  if (!namesTrace(bytes, start, length)) return true
  return to - from === TRACE_ID_LENGTH && isSame(bytes, start + TRACE_ID_START, value, from, TRACE_ID_LENGTH)
}

/** Whether the trace that the event started in, if headers tell it, is this one. */
function agreesOnTrace(headers: ReceivedHeaders, traceId: string): boolean {
  const { bytes, start, length } = startingTrace(headers)
  return !namesTrace(bytes, start, length) || isText(bytes, traceId, start + TRACE_ID_START, start + TRACE_ID_END)
}

function startingTrace({ startingTraceparent, traceparent }: ReceivedHeaders): HeaderText {
  return startingTraceparent.isMissing ? traceparent : startingTraceparent
}

function namesTrace(bytes: Buffer, start: number, length: number): boolean {
  return length > TRACE_ID_END && bytes[start + TRACE_ID_START - 1] === DASH && bytes[start + TRACE_ID_END] === DASH
}

/** Whether a header, if it is there, says this. */
function agrees(header: HeaderText, text: string): boolean {
  return header.isMissing || saysExactly(header, text)
}

/** Whether the time in a header, if it is there, is this one, in whatever precision and zone it is written. */
function agreesOnTime(header: HeaderText, time: Date): boolean {
  if (header.isMissing) return true
  return (millisFromOwnFormat(header) ?? Date.parse(header.toString())) === time.getTime()
}

/** Up to its seconds, `2026-01-02T03:04:05`, and when that second begins. Records that follow each other were published within a few. */
const lastSecond = Buffer.alloc(19)
let lastSecondMs = Number.NaN

/** Of `2026-01-02T03:04:05.678Z`, as publishers here write it; null for anything else. */
function millisFromOwnFormat({ bytes, start, length }: HeaderText): number | null {
  if (length !== 24 || bytes[start + 4] !== DASH || bytes[start + 23] !== 0x5a) return null
  if (!isSame(bytes, start, lastSecond, 0, lastSecond.length)) {
    bytes.copy(lastSecond, 0, start, start + lastSecond.length)
    lastSecondMs = secondFrom(bytes, start)
  }
  const millis = lastSecondMs + number(bytes, start + lastSecond.length + 1, 3)
  return Number.isNaN(millis) ? null : millis
}

function secondFrom(bytes: Buffer, start: number): number {
  return Date.UTC(
    number(bytes, start, 4),
    number(bytes, start + 5, 2) - 1,
    number(bytes, start + 8, 2),
    number(bytes, start + 11, 2),
    number(bytes, start + 14, 2),
    number(bytes, start + 17, 2),
  )
}

/** NaN where there are other characters than digits. */
function number(bytes: Buffer, start: number, digits: number): number {
  let value = 0
  for (let i = start; i < start + digits; i++) {
    const digit = (bytes[i] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}
