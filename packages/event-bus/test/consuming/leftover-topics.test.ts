import { describe, expect, it } from 'vitest'
import { retryTopics } from '../../src/failing/retry-topics.ts'
import { order, rig } from './rig.ts'
import { ScriptedDriver } from './scripted-driver.ts'

const onFailure = { afterwards: retryTopics({ delaysMs: [10_000], order: 'overtake' as const }) }
const fresh = { committed: { nextOffset: 0n, metadata: '' } }
const alsoRead = ({ calls }: ScriptedDriver): string[] => calls.filter((call) => call.startsWith('also read'))

function clusterOf(...names: string[]): ScriptedDriver {
  const driver = new ScriptedDriver()
  driver.onListTopics = async () => names
  return driver
}

describe('retry topics of another configuration', () => {
  it('are read as well, where they are of this group and of a topic that it reads', async () => {
    const driver = clusterOf(
      'orders',
      'orders.inventory.dlq',
      'orders.inventory.retry.10s',
      'orders.inventory.retry.20s',
      'orders.email.retry.20s',
      'payments.inventory.retry.20s',
      'orders.inventory.retry.60s',
      'orders.inventory.retry.1m',
    )
    const { clock } = rig(() => {}, { onFailure }, { driver })
    await clock.settle()
    expect(alsoRead(driver)).toEqual(['also read orders.inventory.retry.20s', 'also read orders.inventory.retry.1m'])
    await clock.advance(600_000)
    expect(alsoRead(driver)).toHaveLength(2)
  })

  it('are handled by the policy of now, also where it has no retry topics any more, and wait as they were written', async () => {
    const attempts: number[] = []
    const driver = clusterOf('orders.inventory.retry.20s')
    const given = rig(
      (_, { attempt }) => {
        attempts.push(attempt)
        throw new Error('no')
      },
      { onFailure: { inPlace: { attempts: 2 }, outage: false } },
      { driver },
    )
    const { clock } = given
    await clock.settle()
    const left = await driver.assign(0, { topic: 'orders.inventory.retry.20s', ...fresh })
    left.deliver([{ ...order('a', 1), timestamp: clock.now() }])
    await clock.advance(19_999)
    expect(attempts).toEqual([])
    await clock.advance(1)
    left.deliverChunk(0n, 1n, [{ ...order('a', 1), timestamp: clock.now() - 20_000 }])
    await clock.advance(2_000)
    expect(attempts).toEqual([1, 2])
    expect(driver.appended.map(({ topic }) => topic)).toEqual(['orders.inventory.dlq'])
  })

  it('are found when they come later, and when the cluster answers again; joining waits for neither', async () => {
    const driver = new ScriptedDriver()
    let isAway = true
    const names: string[] = []
    driver.onListTopics = async () => {
      if (isAway) throw new Error('away')
      return names
    }
    const { clock, subscription } = rig(() => {}, {}, { driver })
    expect(driver.options?.group).toBe('inventory')
    await clock.advance(60_000)
    isAway = false
    names.push('orders.inventory.retry.20s')
    await clock.advance(5_000)
    expect(alsoRead(driver)).toHaveLength(1)
    names.push('orders.inventory.retry.5m')
    await clock.advance(300_000)
    expect(alsoRead(driver)).toHaveLength(2)
    await subscription.close()
    expect(clock.waitingTimers).toBe(0)
  })

  it('are not looked for any more once the subscription is closed, not even by a look that was under way', async () => {
    const driver = new ScriptedDriver()
    const answer = Promise.withResolvers<readonly string[]>()
    driver.onListTopics = () => answer.promise
    const { clock, subscription } = rig(() => {}, {}, { driver })
    await subscription.close()
    answer.resolve(['orders.inventory.retry.20s'])
    await clock.settle()
    expect(alsoRead(driver)).toEqual([])
    expect(clock.waitingTimers).toBe(0)
  })

  it('may be assigned before they are found, to a member that comes back under its old name', async () => {
    const handled: number[] = []
    const { driver, clock } = rig(({ data }) => void handled.push(data.n))
    const waiting = await driver.assign(0, { topic: 'orders.inventory.retry.20s', ...fresh })
    waiting.deliver([{ ...order('a', 1), timestamp: clock.now() }])
    const former = await driver.assign(0, { topic: 'payments', ...fresh })
    former.deliver([order('a', 2)])
    await clock.settle()
    expect(handled).toEqual([2])
  })
})
