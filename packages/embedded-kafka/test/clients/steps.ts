/** What scenarios have in common. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Driver, Producing, Sent } from './driver.ts'

export const plain: Producing = { codec: 'none', idempotent: false }

export const valuesFrom = (first: number, count: number): Sent[] =>
  Array.from({ length: count }, (_, index) => ({ value: `v${first + index}` }))

/** A topic takes a moment to be known everywhere in a real cluster. */
export async function madeTopic(driver: Driver, topic: string, partitions: number): Promise<string> {
  await driver.createTopic(topic, partitions, {})
  await eventually(() => driver.partitions(topic), partitions)
  return topic
}

/**
 * Asks until the answer is the wanted one, and gives the last answer when it never is: the comparison then tells what it was. A broker that has not
 * heard of a topic yet makes some clients throw where others answer; that counts as an answer which is not the wanted one.
 *
 * @throws what the last question threw.
 */
export async function eventually<T>(ask: () => Promise<T>, wanted: T, withinMs = 60_000): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    try {
      const answer = await ask()
      if (isDeepStrictEqual(answer, wanted) || Date.now() > deadline) return answer
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await sleep(50)
  }
}
