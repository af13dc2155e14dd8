import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Fifo } from './fifo.ts'

it('hands out what was put in, in order, however pushes and shifts alternate', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -600, max: 600 }), { maxLength: 30 }), (bursts) => {
      const fifo = new Fifo<number>()
      const model: number[] = []
      let next = 0
      for (const burst of bursts) {
        for (let n = 0; n < burst; n += 1) {
          fifo.push(next)
          model.push(next)
          next += 1
        }
        for (let n = 0; n < -burst; n += 1) expect(fifo.shift()).toBe(model.shift())
        expect(fifo.size).toBe(model.length)
      }
    }),
  )
})
