import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Intake } from './intake.ts'

it('never holds more than its limit, and has the greediest pay', () => {
  const holders = fc.nat(9)
  fc.assert(
    fc.property(fc.array(fc.record({ who: holders, bytes: fc.nat(60) }), { maxLength: 200 }), (steps) => {
      const intake = new Intake(100)
      const held = new Map<number, number>()
      const connections = Array.from({ length: 10 }, (_, who) => ({
        crowdedOut(bytes: number) {
          expect(bytes).toBe(held.get(who))
          expect(bytes).toBe(Math.max(...held.values()))
          held.delete(who)
        },
      }))
      for (const { who, bytes } of steps) {
        held.set(who, bytes)
        intake.hold(connections[who] as (typeof connections)[number], bytes)
        const total = [...held.values()].reduce((sum, each) => sum + each, 0)
        expect(intake.heldBytes).toBe(total)
        expect(total).toBeLessThanOrEqual(100)
      }
    }),
  )
})
