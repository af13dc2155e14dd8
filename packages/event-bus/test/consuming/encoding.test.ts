import { describe, expect, it } from 'vitest'
import { createEventDecoder } from '../../src/events/event-decoder.ts'
import { derivedEventId } from '../../src/events/event-id.ts'
import type { EncodedEvent } from '../../src/publishing/publisher.ts'
import { order, orderPlaced, rig } from './rig.ts'

const decoder = createEventDecoder({ definitions: [orderPlaced] })

describe('ctx.encode', () => {
  it('gives an outbox what ctx.publish would have sent: same trace, cause and derived ids, without any SDK', async () => {
    const encoded: EncodedEvent[] = []
    const { clock, driver, published } = rig(async (event, ctx) => {
      await ctx.publish(orderPlaced, { orderId: 'answer', n: 1 })
      encoded.push(ctx.encode(orderPlaced, { orderId: 'answer', n: 2 }, { correlationId: event.key ?? '' }))
    })
    const partition = await driver.assign(0)
    partition.deliver([order('o-1', 1)])
    await clock.settle()

    const [first] = encoded
    if (first === undefined) throw new Error('nothing was encoded')
    const idOf = (ordinal: number) =>
      derivedEventId({ parentId: 'event-1', group: 'inventory', type: 'order.placed', ordinal })
    expect([published[0]?.options.id, first.id]).toEqual([idOf(0), idOf(1)])
    const record = { ...first, offset: 0n, timestamp: 0 }
    expect(await decoder.decode(record, { topic: 'orders', partition: 0 })).toMatchObject({
      headerMismatch: false,
      envelope: { traceId: 'a'.repeat(32), causationId: 'event-1', correlationId: 'o-1' },
    })
  })

  it('is refused once the attempt is fenced', async () => {
    let refused: unknown
    const { clock, driver } = rig(
      (_event, ctx) =>
        new Promise<void>((resolve) => {
          ctx.signal.addEventListener('abort', () => {
            try {
              ctx.encode(orderPlaced, { orderId: 'late', n: 1 })
            } catch (error) {
              refused = error
            }
            resolve()
          })
        }),
      { attempt: { deadlineMs: 1_000 } },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('o-1', 1)])
    await clock.advance(1_001)
    expect(refused).toMatchObject({ code: 'ATTEMPT_FENCED' })
  })
})
