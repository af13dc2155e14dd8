import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type ReadyMember, ReadyQueue } from './ready-queue.ts'

const memberOf = (ticket: number): ReadyMember => ({ ticket, isReady: false })

it('hands out the lowest ticket there is, in whatever order they came', () => {
  const steps = fc.array(fc.oneof(fc.nat(5_000), fc.constant('shift' as const)), { maxLength: 200, size: 'max' })
  fc.assert(
    fc.property(steps, (script) => {
      const queue = new ReadyQueue<ReadyMember>()
      const model: number[] = []
      for (const step of script) {
        if (step === 'shift') {
          model.sort((a, b) => a - b)
          expect(queue.shift()?.ticket).toBe(model.shift())
        } else if (!model.includes(step)) {
          queue.push(memberOf(step))
          model.push(step)
        }
        expect(queue.size).toBe(model.length)
      }
    }),
  )
})

it('knows who is in it', () => {
  const queue = new ReadyQueue<ReadyMember>()
  const [late, first, second] = [memberOf(3), memberOf(5), memberOf(6)]
  for (const member of [first, second, late]) queue.push(member)
  expect([late, first, second].map(({ isReady }) => isReady)).toEqual([true, true, true])
  queue.shift()
  queue.shift()
  expect([late, first, second].map(({ isReady }) => isReady)).toEqual([false, false, true])
})
