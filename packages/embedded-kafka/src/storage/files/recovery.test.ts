import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { recordBatch } from '../../../test/support/record-batch.ts'
import { scratchDirectory } from '../../../test/support/scratch-directory.ts'
import { settle } from '../../../test/support/settle.ts'
import { rules, type StoredLog, storedLog } from '../../../test/support/stored-log.ts'
import { Turns } from '../../cluster/turns.ts'
import { StorageFailed } from '../storage-failed.ts'
import { LogFile } from './log-file.ts'

const nowMs = 1_700_000_000_000
const policy = { segmentBytes: 3_000, segmentMs: Number.POSITIVE_INFINITY }

function append(log: StoredLog['log'], value: string): void {
  log.append(recordBatch([{ value }]), 0, rules, nowMs)
}

/** Without the leader epoch: no checksum of Kafka's covers it. */
const batchesOf = ({ log }: StoredLog): string[] =>
  Array.from(log.batches(), ({ bytes }) => Buffer.concat([bytes.subarray(0, 12), bytes.subarray(16)]).toString('hex'))

function filesIn(directory: string, ending: string): string[] {
  return readdirSync(path.join(directory, 'orders-0'))
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => path.join(directory, 'orders-0', name))
}

/** A damage to the bytes behind `safeBytes`, which a power cut may do. Places are thousandths. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(1_000) }),
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(999), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('garbage' as const), at: fc.nat(1_000), bytes: fc.uint8Array({ maxLength: 200 }) }),
  fc.record({ kind: fc.constant('zeros' as const), at: fc.nat(1_000) }),
)
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never

function damaged(bytes: Buffer, safeBytes: number, how: Damage): Buffer {
  const position = safeBytes + Math.floor(((bytes.length - safeBytes) * how.at) / 1_000)
  const hurt = Buffer.from(bytes)
  if (how.kind === 'cut') return hurt.subarray(0, position)
  if (how.kind === 'garbage') return Buffer.concat([hurt.subarray(0, position), how.bytes])
  if (how.kind === 'zeros') return hurt.fill(0, position)
  if (position < hurt.length) hurt.writeUInt8(hurt.readUInt8(position) ^ (1 << how.bit), position)
  return hurt
}

describe('recovery after a power cut', () => {
  it('yields a prefix of what was appended, with everything that was flushed', { timeout: 60_000 }, async () => {
    const values = fc.array(
      fc.nat(400).map((length) => 'x'.repeat(length)),
      { maxLength: 30 },
    )
    await fc.assert(
      fc.asyncProperty(values, values, damage, fc.boolean(), async (flushed, unflushed, how, losesCheckpoints) => {
        using directory = scratchDirectory()
        const before = storedLog(directory.path, policy, { flush: 'each' })
        for (const value of flushed) append(before.log, value)
        await before.storage.flushed()
        const safe = new Map(filesIn(directory.path, '.log').map((file) => [file, readFileSync(file).length]))
        for (const value of unflushed) append(before.log, value)
        const appended = batchesOf(before)
        await before.close()

        // One of the files that were written since has lost some of it; those behind it may be whole all the same.
        const hurt = filesIn(directory.path, '.log').find((file) => readFileSync(file).length > (safe.get(file) ?? 0))
        if (hurt) writeFileSync(hurt, damaged(readFileSync(hurt), safe.get(hurt) ?? 0, how))
        // Checkpoints behind the flush would not be there: they are written after their segment is on the disk.
        for (const file of filesIn(directory.path, '.checkpoint'))
          if (losesCheckpoints || file.slice(0, -11) === hurt?.slice(0, -4)) writeFileSync(file, 'torn')

        const after = storedLog(directory.path, policy)
        const recovered = batchesOf(after)
        expect(recovered).toEqual(appended.slice(0, recovered.length))
        expect(recovered.length).toBeGreaterThanOrEqual(flushed.length)
        expect(after.log.endOffset).toBe(BigInt(recovered.length))

        // What was cut off does not come back behind a batch that is as long as the damaged one.
        append(after.log, unflushed[recovered.length - flushed.length] ?? 'goes on')
        const goneOn = batchesOf(after)
        expect(goneOn).toHaveLength(recovered.length + 1)
        await after.close()
        for (const file of filesIn(directory.path, '.checkpoint')) rmSync(file)
        const afterwards = storedLog(directory.path, policy)
        expect(batchesOf(afterwards)).toEqual(goneOn)
        expect(afterwards.warnings).toEqual([])
        await afterwards.close()
      }),
      { numRuns: 150 },
    )
  })

  it('says what it cuts off', async () => {
    using directory = scratchDirectory()
    const before = storedLog(directory.path)
    append(before.log, 'whole')
    await before.close()
    const [file = ''] = filesIn(directory.path, '.log')
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from('half a batch')]))
    const after = storedLog(directory.path)
    expect(after.warnings).toEqual([expect.stringMatching(/orders-0: 12 bytes behind offset 0 were no whole batch/)])
    expect(batchesOf(after)).toHaveLength(1)
    await after.close()
  })
})

describe('a checkpoint', () => {
  async function closedLog(directory: string): Promise<string[]> {
    const log = storedLog(directory)
    for (let index = 0; index < 500; index++) append(log.log, `${index}`.repeat(200))
    const batches = batchesOf(log)
    await log.close()
    return batches
  }

  it('spares the reading of what it knows to be whole', async () => {
    using directory = scratchDirectory()
    await closedLog(directory.path)
    const [file = ''] = filesIn(directory.path, '.log')
    const bytes = readFileSync(file)
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
    writeFileSync(file, bytes)
    const after = storedLog(directory.path)
    // The damage is not noticed, because nobody looked: the client's checksum will tell.
    expect(after.log.endOffset).toBe(500n)
    await after.close()
  })

  it.each([-12, 0, -1_000, 2 ** 31 - 13, 100_000])(
    'is believed over a batch that claims a length of %d, which is refused when it is read',
    async (length) => {
      using directory = scratchDirectory()
      await closedLog(directory.path)
      const [file = ''] = filesIn(directory.path, '.log')
      const bytes = readFileSync(file)
      bytes.writeInt32BE(length, bytes.readInt32BE(8) + 12 + 8)
      writeFileSync(file, bytes)
      const { log, close } = storedLog(directory.path)
      expect(() => log.read(2n, 1_000, true)).toThrow(StorageFailed)
      // Batches before it are served, those behind it from where the index leads.
      expect(log.endOffset).toBe(500n)
      expect(log.read(499n, 1_000, true).sizeBytes).toBeGreaterThan(0)
      await close()
    },
  )

  it('that is damaged, or speaks of more than there is, is not believed', async () => {
    using directory = scratchDirectory()
    const batches = await closedLog(directory.path)
    const [checkpoint = ''] = filesIn(directory.path, '.checkpoint')
    const text = readFileSync(checkpoint, 'utf8')
    writeFileSync(checkpoint, text.replace('"nextOffset":"500"', '"nextOffset":"400"'))
    const damagedOnes = storedLog(directory.path)
    expect(batchesOf(damagedOnes)).toEqual(batches)
    expect(damagedOnes.log.endOffset).toBe(500n)
    await damagedOnes.close()

    const [file = ''] = filesIn(directory.path, '.log')
    writeFileSync(file, readFileSync(file).subarray(0, 10_000))
    const cut = storedLog(directory.path)
    expect(batchesOf(cut)).toEqual(batches.slice(0, batchesOf(cut).length))
    expect(cut.warnings).toHaveLength(1)

    for (let index = 0; index < 500; index++) append(cut.log, `${index} again`.repeat(200))
    const grown = batchesOf(cut)
    await cut.storage.close()
    const after = storedLog(directory.path)
    expect(batchesOf(after)).toEqual(grown)
    await after.close()
  })

  it('is not needed to believe a compacted segment', async () => {
    using directory = scratchDirectory()
    const compacting = { ...policy, compacts: true, minCleanableDirtyRatio: 0 }
    const before = storedLog(directory.path, compacting)
    for (let index = 0; index < 40; index++)
      before.log.append(recordBatch([{ key: `${index % 3}`, value: 'x'.repeat(200) }]), 0, rules, nowMs)
    await before.log.compact(nowMs, new Turns(0))
    const compacted = batchesOf(before)
    expect(compacted.length).toBeLessThan(20)
    await before.close()
    for (const file of filesIn(directory.path, '.checkpoint')) rmSync(file)
    const after = storedLog(directory.path, compacting)
    expect(batchesOf(after)).toEqual(compacted)
    expect(after.warnings).toEqual([])
    await after.close()
  })

  it('lets producers go on where they were, and tells what they repeat', async () => {
    using directory = scratchDirectory()
    const from = (baseSequence: number) =>
      recordBatch([{ value: 'x' }], { producerId: 7n, producerEpoch: 0, baseSequence })
    for (const isKilled of [false, true]) {
      const log = storedLog(directory.path)
      const base = isKilled ? 3 : 0
      for (let sequence = base; sequence < base + 3; sequence++) log.log.append(from(sequence), 0, rules, nowMs)
      if (isKilled) await log.storage.close()
      else await log.close()
    }
    const after = storedLog(directory.path)
    expect(after.log.append(from(5), 0, rules, nowMs).baseOffset).toBe(5n)
    expect(after.log.append(from(1), 0, rules, nowMs).baseOffset).toBe(1n)
    expect(() => after.log.append(from(8), 0, rules, nowMs)).toThrow('expected was 6')
    expect(after.log.append(from(6), 0, rules, nowMs).baseOffset).toBe(6n)
    await after.close()
  })
})

it('a compaction notes of a producer only what a power cut cannot take back', { timeout: 60_000 }, async () => {
  using directory = scratchDirectory()
  const compacting = { ...policy, segmentBytes: 400, compacts: true, minCleanableDirtyRatio: 0 }
  const { log, storage } = storedLog(directory.path, compacting)
  const write = (to: StoredLog['log'], baseSequence: number) =>
    to.append(recordBatch([{ key: 'k' }], { producerId: 7n, producerEpoch: 0, baseSequence }), 0, rules, nowMs)
  for (let sequence = 0; sequence < 12; sequence++) write(log, sequence)
  const compacted = log.compact(nowMs, new Turns(0))
  const active = filesIn(directory.path, '.log').at(-1) ?? ''
  // What the compaction relies on is on the disk. Then one more is written, which is not there before somebody flushes it.
  await settle()
  const flushedBytes = readFileSync(active).length
  write(log, 12)
  const flushed = vi.spyOn(LogFile.prototype, 'flush')
  await compacted
  await expect.poll(() => filesIn(directory.path, '.checkpoint'), { timeout: 30_000 }).toHaveLength(1)
  await storage.close()
  if (!flushed.mock.contexts.some((file) => (file as LogFile).path === active)) truncateSync(active, flushedBytes)
  vi.restoreAllMocks()

  const after = storedLog(directory.path, compacting)
  const { endOffset } = after.log
  write(after.log, Number(endOffset))
  expect(after.log.endOffset).toBe(endOffset + 1n)
  await after.close()
})

describe('a compaction that a crash interrupted', () => {
  it('leaves no record twice: what it had already taken over is removed', async () => {
    using directory = scratchDirectory()
    const compacting = { ...policy, compacts: true, minCleanableDirtyRatio: 0, segmentMs: 0 }
    const before = storedLog(directory.path, compacting)
    // Each in a segment of its own; compaction puts two or three of them together.
    for (const [index, key] of ['a', 'b', 'c', 'd', 'e', 'f'].entries()) {
      const batch = recordBatch([{ key, value: 'x'.repeat(900) }], { baseTimestamp: nowMs + index })
      before.log.append(batch, 0, rules, nowMs)
    }
    const segments = filesIn(directory.path, '.log')
    const bytes = segments.map((file) => readFileSync(file))
    await before.log.compact(nowMs, new Turns(0))
    const batches = batchesOf(before)
    await before.close()
    const gone = segments.filter((file) => !filesIn(directory.path, '.log').includes(file))
    for (const file of gone) writeFileSync(file, bytes[segments.indexOf(file)] ?? '')
    expect(gone.length).toBeGreaterThan(1)

    const after = storedLog(directory.path, compacting)
    expect(batchesOf(after)).toEqual(batches)
    expect(filesIn(directory.path, '.log')).not.toEqual(expect.arrayContaining(gone))
    await after.close()
  })
})
