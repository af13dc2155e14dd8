import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { lz4 } from './lz4.ts'
import { snappy } from './snappy.ts'

/** How the records of a batch are compressed, with Kafka's names. */
export type CompressionName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/**
 * Synchronous: a batch is at most a megabyte or so, and going to a thread and back for each would let a later batch of the partition overtake.
 * Output is bounded, so that a small malicious batch cannot fill the memory.
 */
export interface Codec {
  /** In the attributes of a batch. */
  readonly id: number
  compress(plain: Buffer): Buffer
  decompress(compressed: Buffer): Buffer
}

const LARGEST_BATCH_BYTES = 256 * 1024 * 1024

const gzip: Codec = {
  id: 1,
  compress: (plain) => gzipSync(plain),
  decompress: (compressed) => gunzipSync(compressed, { maxOutputLength: LARGEST_BATCH_BYTES }),
}

const zstd: Codec = {
  id: 4,
  compress: (plain) => zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
  decompress: (compressed) => zstdDecompressSync(compressed, { maxOutputLength: LARGEST_BATCH_BYTES }),
}

const codecs: Readonly<Record<Exclude<CompressionName, 'none'>, Codec>> = { gzip, snappy, lz4, zstd }

/** Null for no compression. */
export function codecByName(name: CompressionName): Codec | null {
  return name === 'none' ? null : codecs[name]
}

/** Null for no compression. @throws {RangeError} for an id that Kafka has not defined. */
export function codecById(id: number): Codec | null {
  if (id === 0) return null
  const codec = Object.values(codecs).find((known) => known.id === id)
  if (codec === undefined) throw new RangeError(`compression type ${id} is not known (1 gzip, 2 snappy, 3 lz4, 4 zstd)`)
  return codec
}
