import { orderPlaced } from '@tributary/contracts'
import type { Progress } from '../report/progress.ts'
import { handlersOf, readers } from '../stage/readers.ts'
import type { Stage } from '../stage/stage.ts'
import { type Poison, undecodableBytes, unknownSchema } from './poison.ts'
import type { Fault } from './schedule.ts'

const smtpAwayMs = 3_000
const appendTimeoutMs = 15_000

/** What goes wrong during the play, and when. Every fault says so as it strikes. */
export function stagedFaults(stage: Stage, progress: Progress): { faults: Fault[]; poison: Poison[] } {
  const poison = [
    undecodableBytes(readers.get(orderPlaced.topic) ?? []),
    // It says that it is an order.placed: the other groups of the topic skip that type without looking inside.
    unknownSchema(handlersOf(orderPlaced.type)),
  ]
  const inject = (record: Poison) => async (): Promise<void> => {
    progress.say(`  ✦ ${record.what} into "${orderPlaced.topic}"`)
    await stage.producer.append({ topic: orderPlaced.topic, partition: 0 }, [record.record], {
      timeoutMs: appendTimeoutMs,
    })
  }
  const faults: Fault[] = [
    ...poison.map((record, index) => ({ at: 0.15 + 0.1 * index, strike: inject(record) })),
    {
      at: 0.35,
      strike: async () => {
        progress.say(`  ✦ the mail server goes away for ${smtpAwayMs / 1000} s`)
        await stage.smtp.goAway()
        await new Promise((resolve) => setTimeout(resolve, smtpAwayMs))
        await stage.smtp.comeBack()
        progress.say('  ✦ the mail server is back')
      },
    },
    {
      at: 0.6,
      strike: async () => {
        progress.say(`  ✦ kill -9 ${stage.inventory.pid} (inventory, in mid-flight)`)
        await stage.inventory.kill()
        await stage.inventory.restart()
        progress.say(`  ✦ inventory is back as pid ${stage.inventory.pid}`)
      },
    },
  ]
  return { faults, poison }
}
