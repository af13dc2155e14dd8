import type { HeaderVisitor, RawHeader } from '@tributary/event-bus'
import type { VarintReader } from './varint.ts'

/** Longer values are hardly the same twice. */
const MAX_VALUE_BYTES = 64
/** Places further back are read as they come. */
const MAX_PLACES = 32

interface Remembered {
  readonly nameBytes: Buffer
  header: RawHeader
  /** The value is a copy of its own, and no view of what a broker answered. */
  isOwn: boolean
}

/**
 * Reads headers, and recognises those that are what the record before had in the same place: names nearly always, and of an event its content type, type
 * and source as well. Those are not decoded again but shared, which halves the cost of an event's headers; and names that are the same string are
 * compared by reference later on.
 *
 * What is shared is copied at its first repetition, so that no record keeps the answer of another fetch in memory.
 */
export class RepeatedHeaders {
  readonly #places: Remembered[] = []

  /** The header at the reader's position, which is the one at `place` of its record. */
  read(place: number, reader: VarintReader): RawHeader {
    const last = this.#places[place]
    const nameLength = reader.next()
    if (last === undefined || !reader.startsWith(last.nameBytes, nameLength)) {
      return this.#readNew(place, reader.bytes(nameLength), reader.bytes(reader.next()))
    }
    reader.skip(nameLength)
    const [name, lastValue] = last.header
    const valueLength = reader.next()
    if (lastValue !== null && valueLength <= MAX_VALUE_BYTES && reader.startsWith(lastValue, valueLength)) {
      reader.skip(valueLength)
      if (!last.isOwn) {
        last.header = [name, Buffer.from(lastValue)]
        last.isOwn = true
      }
      return last.header
    }
    last.header = [name, reader.bytes(valueLength)]
    last.isOwn = false
    return last.header
  }

  /** Tells of the header at the reader's position, and reads no value. */
  visit(place: number, reader: VarintReader, bytes: Buffer, visitor: HeaderVisitor): void {
    const last = this.#places[place]
    const nameLength = reader.next()
    let name: string
    if (last !== undefined && reader.startsWith(last.nameBytes, nameLength)) {
      name = last.header[0]
      reader.skip(nameLength)
    } else {
      name = this.#readNew(place, reader.bytes(nameLength), null)[0]
    }
    const length = reader.next()
    const start = reader.at
    reader.skip(length)
    visitor.header(name, bytes, start, length < 0 ? -1 : reader.at)
  }

  #readNew(place: number, nameBytes: Buffer | null, value: Buffer | null): RawHeader {
    const header: RawHeader = [nameBytes === null ? '' : interned(nameBytes.toString('utf8')), value]
    if (nameBytes !== null && place < MAX_PLACES) {
      this.#places[place] = { nameBytes: Buffer.from(nameBytes), header, isOwn: false }
    }
    return header
  }
}

/** The engine's own copy of a text: keys of objects are unique, so that comparing two is comparing references. */
function interned(text: string): string {
  return Object.keys({ [text]: true })[0] ?? text
}
