/** CRC-32C (Castagnoli), the checksum of record batches, eight bytes a step. Node's `zlib.crc32` is another polynomial. */
const tables = Array.from({ length: 8 }, () => new Int32Array(256))
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]

for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  t0[byte] = crc
}
for (let slice = 1; slice < 8; slice++) {
  const table = tables[slice] ?? t0
  const previous = tables[slice - 1] ?? t0
  for (let byte = 0; byte < 256; byte++) {
    const crc = previous[byte] ?? 0
    table[byte] = (crc >>> 8) ^ (t0[crc & 0xff] ?? 0)
  }
}

/** The checksum of `bytes[start, end)` as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  const at = (index: number): number => bytes[index] as number
  const look = (table: Int32Array, index: number): number => table[index & 0xff] as number
  let crc = -1
  let index = start
  for (const last = end - 8; index <= last; index += 8) {
    const low = crc ^ (at(index) | (at(index + 1) << 8) | (at(index + 2) << 16) | (at(index + 3) << 24))
    crc =
      look(t7, low) ^
      look(t6, low >>> 8) ^
      look(t5, low >>> 16) ^
      look(t4, low >>> 24) ^
      look(t3, at(index + 4)) ^
      look(t2, at(index + 5)) ^
      look(t1, at(index + 6)) ^
      look(t0, at(index + 7))
  }
  for (; index < end; index++) crc = (crc >>> 8) ^ look(t0, crc ^ at(index))
  return ~crc >>> 0
}
