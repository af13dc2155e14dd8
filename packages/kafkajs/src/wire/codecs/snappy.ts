import { compressSync, uncompressSync } from 'snappy'
import type { Codec } from './codecs.ts'

/** Java clients wrap snappy blocks in a stream format of their own ("xerial"); librdkafka and others write one bare block. Both are read. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const XERIAL_HEADER_BYTES = 16
const BLOCK_BYTES = 64 * 1024

export const snappy: Codec = { id: 2, compress, decompress }

function compress(plain: Buffer): Buffer {
  const header = Buffer.alloc(XERIAL_HEADER_BYTES)
  XERIAL_MAGIC.copy(header)
  header.writeInt32BE(1, 8)
  header.writeInt32BE(1, 12)
  const parts: Buffer[] = [header]
  for (let at = 0; at < plain.length; at += BLOCK_BYTES) {
    const block = compressSync(plain.subarray(at, at + BLOCK_BYTES))
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(block.length)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

function decompress(compressed: Buffer): Buffer {
  const isXerial = compressed.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)
  if (!isXerial) return uncompressed(compressed)
  const blocks: Buffer[] = []
  for (let at = XERIAL_HEADER_BYTES; at < compressed.length; ) {
    const end = at + 4 + compressed.readInt32BE(at)
    if (end > compressed.length) throw new RangeError('a snappy block ends beyond its batch')
    blocks.push(uncompressed(compressed.subarray(at + 4, end)))
    at = end
  }
  return Buffer.concat(blocks)
}

function uncompressed(block: Buffer): Buffer {
  const plain = uncompressSync(block)
  return typeof plain === 'string' ? Buffer.from(plain) : plain
}
