import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import type { Codec } from './codecs.ts'

/** LZ4 in its frame format, with independent blocks: the only kind that Java clients read. */
export const lz4: Codec = {
  id: 3,
  compress: (plain) => compressFrameSync(plain),
  decompress: (compressed) => decompressFrameSync(compressed),
}
