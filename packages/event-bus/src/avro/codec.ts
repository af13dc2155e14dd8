/** Values to bytes and back, by one schema. Knows nothing of events. */
import type { Type } from 'avsc'
import { compileSchema } from './compile.ts'
import type { SchemaNode } from './nodes.ts'
import { firstFault, type ValueFault } from './value-fault.ts'

/** Most values fit; those that do not are written a second time, into a buffer of their own. */
const SCRATCH_BYTES = 64 * 1024

/** Null while a value is being written: a getter of it may publish, and so write another. */
let free: Buffer | null = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

/** Turns the bytes of one writer into values of one reader. @throws Error that says what is wrong with the bytes */
export type DatumReader = (bytes: Buffer, start: number) => unknown

export class DatumCodec {
  readonly #type: Type
  /** Reads what this same schema wrote. */
  readonly read: DatumReader

  constructor(node: SchemaNode) {
    this.#type = compileSchema(node)
    this.read = readerOf(this.#type, undefined)
  }

  /**
   * The prefix and the value's bytes, in one new buffer.
   *
   * @throws Error when the value does not fit the schema; `faultIn` says where.
   */
  write(prefix: Buffer, value: unknown): Buffer {
    const scratch = free ?? Buffer.allocUnsafeSlow(SCRATCH_BYTES)
    free = null
    try {
      return this.#write(prefix, value, scratch)
    } finally {
      free = scratch
    }
  }

  #write(prefix: Buffer, value: unknown, scratch: Buffer): Buffer {
    const start = prefix.length
    const end = this.#type.encode(value, scratch, start)
    if (end >= 0) {
      const bytes = Buffer.allocUnsafe(end)
      prefix.copy(bytes)
      scratch.copy(bytes, start, start, end)
      return bytes
    }
    // Negative: how many bytes were missing.
    const bytes = Buffer.allocUnsafe(scratch.length - end)
    prefix.copy(bytes)
    this.#type.encode(value, bytes, start)
    return bytes
  }

  /** The first place where a value does not fit; null when none is found. For the slow path, after `write` threw. */
  faultIn(value: unknown): ValueFault | null {
    return firstFault(this.#type, value)
  }

  /** A reader of what another schema wrote. @throws Error when the one cannot be resolved to the other */
  readerOf(writer: DatumCodec): DatumReader {
    return readerOf(writer.#type, this.#type)
  }
}

function readerOf(writer: Type, reader: Type | undefined): DatumReader {
  const type = reader ?? writer
  const resolver = reader === undefined ? undefined : reader.createResolver(writer)
  return (bytes, start) => {
    const { value, offset } = type.decode(bytes, start, resolver)
    if (offset !== bytes.length) {
      throw new Error(
        offset < 0 ? 'the bytes end before the value does' : `${bytes.length - offset} bytes follow the value`,
      )
    }
    return value
  }
}
