import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again until `ask` gives something; what it waits for is a fact in the database, which tells nobody. */
export async function poll<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await sleep(10)
  }
}
