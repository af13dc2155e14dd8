/**
 * The headers of a record that decoding looks at. They stay bytes where they lie: most are only compared with what the body says, and making a view or a
 * string costs more than that.
 */
import type { HeaderVisitor, RawRecord } from '../driver.ts'
import { headerNames } from './header-names.ts'
import { AVRO_CONTENT_TYPE } from './headers.ts'

const NO_BYTES = Buffer.alloc(0)
const AVRO_CONTENT_TYPE_BYTES = Buffer.from(AVRO_CONTENT_TYPE)

/** The value of a header, where it lies. */
export class HeaderText {
  bytes: Buffer = NO_BYTES
  start = 0
  /** Negative when the header is missing or has no value. */
  end = -1

  get isMissing(): boolean {
    return this.end < 0
  }

  get length(): number {
    return this.end - this.start
  }

  /** Bytes that are not UTF-8 come out as replacement characters. */
  toString(): string {
    return this.bytes.toString('utf8', this.start, this.end)
  }

  view(): Buffer {
    return this.bytes.subarray(this.start, this.end)
  }
}

/**
 * The headers of the record that was read last. One object serves record after record: it is to be asked at once, and read again after any wait.
 */
export class ReceivedHeaders implements HeaderVisitor {
  readonly contentType = new HeaderText()
  readonly type = new HeaderText()
  readonly id = new HeaderText()
  readonly source = new HeaderText()
  readonly time = new HeaderText()
  readonly subject = new HeaderText()
  readonly causationId = new HeaderText()
  readonly correlationId = new HeaderText()
  readonly traceparent = new HeaderText()
  readonly startingTraceparent = new HeaderText()
  readonly valueSchemaId = new HeaderText()

  read(record: Pick<RawRecord, 'headers' | 'visitHeaders'>): void {
    this.#clear()
    if (record.visitHeaders !== undefined) record.visitHeaders(this)
    else for (const [name, value] of record.headers) this.header(name, value ?? NO_BYTES, 0, value?.length ?? -1)
  }

  /** Of repeated headers the first counts: whoever relays a record appends. */
  header(name: string, bytes: Buffer, start: number, end: number): void {
    const known = this.#known(name)
    if (known === null || !known.isMissing) return
    known.bytes = bytes
    known.start = start
    known.end = end
  }

  #clear(): void {
    this.contentType.end = -1
    this.type.end = -1
    this.id.end = -1
    this.source.end = -1
    this.time.end = -1
    this.subject.end = -1
    this.causationId.end = -1
    this.correlationId.end = -1
    this.traceparent.end = -1
    this.startingTraceparent.end = -1
    this.valueSchemaId.end = -1
  }

  // Names come fresh from the wire, without a hash: comparing them is cheaper than looking them up.
  #known(name: string): HeaderText | null {
    switch (name) {
      case headerNames.contentType:
        return this.contentType
      case headerNames.type:
        return this.type
      case headerNames.id:
        return this.id
      case headerNames.source:
        return this.source
      case headerNames.time:
        return this.time
      case headerNames.subject:
        return this.subject
      case headerNames.causationId:
        return this.causationId
      case headerNames.correlationId:
        return this.correlationId
      case headerNames.traceparent:
        return this.traceparent
      case headerNames.startingTraceparent:
        return this.startingTraceparent
      case headerNames.valueSchemaId:
        return this.valueSchemaId
      default:
        return null
    }
  }
}

/** Null where the header is missing. */
export function textOf(header: HeaderText): string | null {
  return header.isMissing ? null : header.toString()
}

/** Whether the content type says that the whole CloudEvent is in the value. */
export function isStructured({ contentType }: ReceivedHeaders): boolean {
  if (contentType.isMissing || repeats(contentType, AVRO_CONTENT_TYPE_BYTES)) return false
  return /^application\/cloudevents/i.test(contentType.toString())
}

/** Whether a header says this. */
export function saysExactly({ bytes, start, end }: HeaderText, text: string): boolean {
  return isText(bytes, text, start, end)
}

/** The same with the text's own bytes, at half the price. */
export function repeats({ bytes, start, end }: HeaderText, text: Buffer, from = 0, to = text.length): boolean {
  return end - start === to - from && isSame(bytes, start, text, from, to - from)
}

/** Whether so many bytes of one are those of the other. */
export function isSame(bytes: Buffer, start: number, others: Buffer, from: number, length: number): boolean {
  for (let i = 0; i < length; i += 1) if (bytes[start + i] !== others[from + i]) return false
  return true
}

/** Whether bytes are a text in UTF-8. */
export function isText(bytes: Buffer, text: string, start: number, end: number): boolean {
  const { length } = text
  if (end - start < length) return false
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return bytes.toString('utf8', start, end) === text
    if (code !== bytes[start + i]) return false
  }
  return end - start === length
}
