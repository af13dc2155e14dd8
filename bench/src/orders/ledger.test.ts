import { describe, expect, it } from 'vitest'
import { Ledger } from './ledger.ts'
import { orderOf, prepareOrder, sequenceIn, textOf } from './order.ts'
import { isSameOrder } from './same-order.ts'

const keys = Int32Array.from([0, 1, 0, 1])

function booked(...sequences: readonly number[]) {
  const ledger = new Ledger(keys, isSameOrder)
  for (const sequence of sequences) ledger.book(sequence, textOf(sequence))
  return ledger
}

describe('Ledger', () => {
  it('finds nothing wrong where every order came once and keys kept their order', () => {
    expect(booked(1, 0, 3, 2).verdict()).toEqual({ missing: 0, duplicates: 0, outOfOrder: 0, altered: 0, sampled: 1 })
  })

  it('counts what never came', () => {
    expect(booked(0, 1, 3).verdict().missing).toBe(1)
  })

  it('counts what came again', () => {
    expect(booked(0, 1, 2, 3, 3).verdict().duplicates).toBe(1)
  })

  it('counts what came after a later order of its key, and not what came after one of another key', () => {
    expect(booked(2, 0, 3).verdict().outOfOrder).toBe(1)
  })

  it('counts orders that are not what was sent', () => {
    const ledger = new Ledger(keys, isSameOrder)
    ledger.book(0, textOf(1))
    expect(ledger.verdict().altered).toBe(1)
  })

  it('compares text, bytes and decoded orders', () => {
    const { bytes, order } = prepareOrder(7, 1)
    expect(sequenceIn(bytes)).toBe(7)
    expect([isSameOrder(7, 1, bytes), isSameOrder(7, 1, order), isSameOrder(7, 2, order)]).toEqual([true, true, false])
    expect(isSameOrder(8, 1, orderOf(7, 1))).toBe(false)
  })
})
