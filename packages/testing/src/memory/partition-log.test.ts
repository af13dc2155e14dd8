import { describe, expect, it } from 'vitest'
import { PartitionLog } from './partition-log.ts'

const record = (text: string) => ({ key: null, value: Buffer.from(text), headers: [], timestamp: 1 })

function logOf(...values: string[]): PartitionLog {
  const log = new PartitionLog()
  log.append(values.map(record), null)
  return log
}

describe('partition log', () => {
  it('moves the position beyond a gap inside and at the end of what is read', () => {
    const log = logOf('a', 'b', 'c', 'd')
    log.remove(1n)
    log.remove(3n)
    const slice = log.read(0n, 1_000)
    expect(slice.records.map(({ offset }) => offset)).toEqual([0n, 2n])
    expect(slice.nextPosition).toBe(4n)
  })

  it('yields one record even when it is larger than the limit, and goes on after it', () => {
    const log = logOf('a'.repeat(500), 'b')
    expect(log.read(0n, 10)).toMatchObject({ records: [{ offset: 0n }], nextPosition: 1n })
  })

  it('stops before the end of the range and claims the gap up to it', () => {
    const log = logOf('a', 'b', 'c')
    log.remove(1n)
    expect(log.read(0n, 1_000, 2n)).toMatchObject({ records: [{ offset: 0n }], nextPosition: 2n })
  })

  it('shares no bytes with writers or readers', () => {
    const log = new PartitionLog()
    const written = record('safe')
    log.append([written], null)
    written.value.write('evil')
    log.all()[0]?.value?.write('evil')
    expect(log.all()[0]?.value?.toString()).toBe('safe')
  })

  it('says that what retention has removed is gone, in a slice of its own', () => {
    const log = new PartitionLog()
    log.append([record('a'), record('b'), record('c')], null)
    log.truncateBefore(2n)
    expect(log.read(0n, 1_000)).toEqual({ records: [], bytes: 0, nextPosition: 2n, isExpired: true })
    expect(log.read(0n, 1_000, 1n)).toMatchObject({ nextPosition: 1n, isExpired: true })
    expect(log.read(2n, 1_000)).toMatchObject({ records: [{ offset: 2n }], nextPosition: 3n })
    expect(log.read(2n, 1_000).isExpired).toBeUndefined()
  })

  it('starts beyond 2^53 without losing precision', () => {
    const log = new PartitionLog()
    log.truncateBefore(2n ** 53n + 1n)
    expect(log.append([record('a')], null)).toBe(2n ** 53n + 1n)
    expect(log.endOffset).toBe(2n ** 53n + 2n)
  })
})
