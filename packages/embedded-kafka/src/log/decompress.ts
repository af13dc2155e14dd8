import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Codec } from './batch-header.ts'
import { decompressLz4Frame } from './lz4.ts'
import { decompressSnappy } from './snappy.ts'

/** A batch that unpacks to more than this is a bomb, and is refused. */
const maxOutputLength = 128 * 1024 * 1024

export function decompress(codec: Codec, bytes: Buffer): Buffer {
  switch (codec) {
    case 'none':
      return bytes
    case 'gzip':
      return gunzipSync(bytes, { maxOutputLength })
    case 'zstd':
      return zstdDecompressSync(bytes, { maxOutputLength })
    case 'snappy':
      return decompressSnappy(bytes, maxOutputLength)
    case 'lz4':
      return decompressLz4Frame(bytes, maxOutputLength)
  }
}
