import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../src/database.ts'
import { migrate } from '../src/migrate.ts'
import { addToOutbox, outboxState } from '../src/outbox/outbox.ts'
import { startRelay } from '../src/outbox/relay.ts'
import { encodedEvent } from './support/events.ts'
import { poll } from './support/poll.ts'
import { firstAppearances, ScriptedPublisher } from './support/scripted-publisher.ts'

const program = fileURLToPath(new URL('support/doomed-relay.ts', import.meta.url))
const KEYS = ['a', 'b', 'c']
const EVENTS_PER_KEY = 5

describe('a relay that is killed between publish and mark', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tributary-outbox-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  /** Runs a relay in a process of its own until it kills itself. */
  async function relayUntilKilled(url: string, logFile: string, survivors: number): Promise<void> {
    const args = ['--conditions=@tributary/source', program, url, logFile, String(survivors)]
    const [code, signal] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')
    expect([code, signal]).toEqual([null, 'SIGKILL'])
  }

  it('loses nothing, keeps the order of every key, and repeats an event only under its own id', async () => {
    const url = join(directory, 'data')
    const logFile = join(directory, 'log')
    const before = await openDatabase({ url })
    await migrate(before)
    const events = Array.from({ length: EVENTS_PER_KEY }, (_, place) =>
      KEYS.map((key) => encodedEvent(key, place)),
    ).flat()
    await before.kysely.transaction().execute((tx) => addToOutbox(tx, events))
    await before.close()

    await relayUntilKilled(url, logFile, 0)
    await relayUntilKilled(url, logFile, 4)

    const after = await openDatabase({ url })
    const publisher = new ScriptedPublisher()
    const relay = startRelay({ database: after, publisher, pollMs: 20 })
    await poll(async () => ((await outboxState(after.kysely)).unpublished === 0 ? true : undefined))
    await relay.close()
    await after.close()

    const killed = (await readFile(logFile, 'utf8')).trim().split('\n')
    const first = killed.map((line) => JSON.parse(line) as { id: string; key: string; value: string })
    const log = [
      ...first,
      ...publisher.log.map((event) => ({ id: event.id, key: String(event.key), value: String(event.value) })),
    ]
    expect(new Set(log.map((event) => event.id))).toEqual(new Set(events.map((event) => event.id)))
    expect(log.length).toBeGreaterThan(events.length)
    for (const [key, values] of firstAppearances(log)) {
      expect(values).toEqual(Array.from({ length: EVENTS_PER_KEY }, (_, place) => `${key}:${place}`))
    }
    // Four databases are opened one after another, each for seconds on a busy machine.
  }, 180_000)
})
