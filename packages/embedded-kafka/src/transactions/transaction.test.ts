import { describe, expect, it } from 'vitest'
import type { ProducerIdentity } from './producer-identity.ts'
import { Transaction } from './transaction.ts'

const timeoutMs = 60_000
const nowMs = 1_700_000_000_000
const orders = { topic: 'orders', partition: 0 }
const payments = { topic: 'payments', partition: 3 }

function begun(): { transaction: Transaction; producer: ProducerIdentity } {
  let nextId = 1_000n
  const transaction = new Transaction('tx', () => nextId++)
  const producer = transaction.initialize(timeoutMs, undefined) as ProducerIdentity
  return { transaction, producer }
}

const inEpoch = (producer: ProducerIdentity, producerEpoch: number): ProducerIdentity => ({
  ...producer,
  producerEpoch,
})

describe('a producer that begins', () => {
  it('gets an id with epoch 0, and the next one of that name the epoch after', () => {
    const { transaction, producer } = begun()
    expect(producer).toEqual({ producerId: 1_000n, producerEpoch: 0 })
    expect(transaction.initialize(timeoutMs, undefined)).toEqual(inEpoch(producer, 1))
  })

  it('while another one has a transaction open ends that one, and has to ask again', () => {
    const { transaction, producer } = begun()
    transaction.add(producer, [orders], nowMs)
    expect(transaction.initialize(timeoutMs, undefined)).toBe('CONCURRENT_TRANSACTIONS')
    expect(transaction.state).toBe('PrepareAbort')
    expect(transaction.end(producer, 'commit')).toBe('PRODUCER_FENCED')
    expect(transaction.initialize(timeoutMs, undefined)).toBe('CONCURRENT_TRANSACTIONS')
    transaction.marked([])
    expect(transaction.initialize(timeoutMs, undefined)).toEqual(inEpoch(producer, 2))
  })

  it('again for itself hears the same as the first time, and nothing after somebody else began', () => {
    const { transaction, producer } = begun()
    expect(transaction.initialize(timeoutMs, producer)).toEqual(inEpoch(producer, 1))
    expect(transaction.initialize(timeoutMs, producer)).toEqual(inEpoch(producer, 1))
    transaction.initialize(timeoutMs, undefined)
    expect(transaction.initialize(timeoutMs, producer)).toBe('PRODUCER_FENCED')
    expect(transaction.initialize(timeoutMs, { producerId: 7n, producerEpoch: 0 })).toBe('PRODUCER_FENCED')
  })

  it('gets another id when the epochs are used up', () => {
    const { transaction, producer } = begun()
    for (let epoch = 1; epoch <= 32_766; epoch++) transaction.initialize(timeoutMs, undefined)
    expect(transaction.producer).toEqual(inEpoch(producer, 32_766))
    expect(transaction.initialize(timeoutMs, inEpoch(producer, 32_766))).toEqual({
      producerId: 1_001n,
      producerEpoch: 0,
    })
    expect(transaction.initialize(timeoutMs, inEpoch(producer, 32_766))).toEqual({
      producerId: 1_001n,
      producerEpoch: 0,
    })
  })
})

describe('the classic end', () => {
  it('keeps the epoch, and waits for the markers before the next transaction', () => {
    const { transaction, producer } = begun()
    transaction.add(producer, [orders], nowMs)
    transaction.add(producer, [orders, payments], nowMs + 1)
    expect(transaction.partitions).toEqual([orders, payments])
    expect(transaction.end(producer, 'commit')).toEqual(producer)
    expect(transaction.add(producer, [orders], nowMs)).toBe('CONCURRENT_TRANSACTIONS')
    expect(transaction.end(producer, 'commit')).toBe('CONCURRENT_TRANSACTIONS')
    expect(transaction.end(producer, 'abort')).toBe('CONCURRENT_TRANSACTIONS')
    transaction.marked([payments])
    expect(transaction.state).toBe('PrepareCommit')
    transaction.marked([])
    expect(transaction.state).toBe('CompleteCommit')
    expect(transaction.end(producer, 'commit')).toEqual(producer)
    expect(transaction.end(producer, 'abort')).toBe('INVALID_TXN_STATE')
    expect(transaction.add(producer, [payments], nowMs)).toBeUndefined()
    expect(transaction.partitions).toEqual([payments])
  })

  it('is refused without a transaction', () => {
    const { transaction, producer } = begun()
    for (const outcome of ['commit', 'abort'] as const)
      expect(transaction.end(producer, outcome)).toBe('INVALID_TXN_STATE')
  })
})

describe('the end that gives a new epoch', () => {
  it('is answered the same when it is repeated, and fences what is late', () => {
    const { transaction, producer } = begun()
    transaction.add(producer, [orders], nowMs)
    expect(transaction.endWithNewEpoch(producer, 'commit', nowMs)).toEqual(inEpoch(producer, 1))
    expect(transaction.endWithNewEpoch(producer, 'commit', nowMs)).toBe('CONCURRENT_TRANSACTIONS')
    transaction.marked([])
    expect(transaction.endWithNewEpoch(producer, 'commit', nowMs)).toEqual(inEpoch(producer, 1))
    expect(transaction.endWithNewEpoch(producer, 'abort', nowMs)).toBe('INVALID_TXN_STATE')
    expect(transaction.add(producer, [orders], nowMs)).toBe('PRODUCER_FENCED')
  })

  it('aborts a transaction that the coordinator never heard of, and commits none', () => {
    const { transaction, producer } = begun()
    expect(transaction.endWithNewEpoch(producer, 'commit', nowMs)).toBe('INVALID_TXN_STATE')
    expect(transaction.endWithNewEpoch(producer, 'abort', nowMs)).toEqual(inEpoch(producer, 1))
    transaction.marked([])
    expect(transaction.state).toBe('CompleteAbort')
  })

  it('goes on under another id when the epochs are used up, and its markers still have the old one', () => {
    const { transaction, producer } = begun()
    for (let epoch = 1; epoch <= 32_766; epoch++) transaction.initialize(timeoutMs, undefined)
    const last = inEpoch(producer, 32_766)
    transaction.add(last, [orders], nowMs)
    const next = { producerId: 1_001n, producerEpoch: 0 }
    expect(transaction.endWithNewEpoch(last, 'commit', nowMs)).toEqual(next)
    expect(transaction.producer).toEqual(inEpoch(producer, 32_767))
    transaction.marked([])
    expect(transaction.producer).toEqual(next)
    expect(transaction.endWithNewEpoch(last, 'commit', nowMs)).toEqual(next)
  })
})

it('goes on in a later process where it was', () => {
  const { transaction, producer } = begun()
  transaction.add(producer, [orders, payments], nowMs)
  transaction.endWithNewEpoch(producer, 'commit', nowMs)
  const noted = JSON.parse(JSON.stringify(transaction.remember()))
  const later = new Transaction('tx', () => 9n, noted)
  expect(later.remember()).toEqual(transaction.remember())
  expect(later.decided).toBe('commit')
  later.marked([])
  expect(later.endWithNewEpoch(producer, 'commit', nowMs)).toEqual(inEpoch(producer, 1))
})
