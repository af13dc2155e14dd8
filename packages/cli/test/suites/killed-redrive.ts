import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import process from 'node:process'
import {
  type DriverAdmin,
  deadLetterTopic,
  headerNames,
  headerText,
  provenanceHeaderNames as names,
  type RawHeader,
  redriveTopic,
} from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { expect, it, onTestFinished } from 'vitest'

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname
const COUNT = 60
const KILLS = 3

const header = (name: string, value: string): RawHeader => [name, Buffer.from(value)]

/** The command as a process of its own, killed in the middle of its work. */
export function describeKilledRedrive(brokersOf: () => Promise<readonly string[]>): void {
  it('passes none over and repeats at most the one under way for each kill, whichever filters the runs had', {
    timeout: 90_000,
  }, async () => {
    const brokers = await brokersOf()
    const source = `orders-${randomUUID()}`
    const redriven = await withDeadLetters(brokers, source)
    const start = (...words: string[]) =>
      startTributary([
        'dlq',
        'redrive',
        '--group',
        'stock',
        '--topic',
        source,
        '--brokers',
        brokers.join(','),
        ...words,
      ])

    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = (await redriven()).length
      const running = start('--reason', 'even', '--rate', '50')
      await expect
        .poll(async () => (await redriven()).length, { timeout: 20_000, interval: 20 })
        .toBeGreaterThan(before + 3)
      running.kill('SIGKILL')
      await once(running, 'exit')
    }
    expect(await exitOf(start('--reason', 'even'))).toBe(0)
    const even = await redriven()
    expect(even.every((id) => id % 2 === 0)).toBe(true)
    expect(new Set(even).size).toBe(COUNT / 2)
    expect(even.length - COUNT / 2).toBeLessThanOrEqual(KILLS)

    const interrupted = start('--rate', '20')
    await expect
      .poll(async () => (await redriven()).length, { timeout: 20_000, interval: 20 })
      .toBeGreaterThan(even.length)
    interrupted.kill('SIGINT')
    expect(await exitOf(interrupted)).toBe(130)
    expect(await exitOf(start())).toBe(0)
    const all = await redriven()
    expect(all.slice(even.length).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: COUNT / 2 }, (_, index) => 2 * index + 1),
    )
  })
}

/** @returns the ids in the redrive topic, in the order in which they were written. */
async function withDeadLetters(brokers: readonly string[], source: string): Promise<() => Promise<number[]>> {
  const driver = kafkajs({ brokers })
  onTestFinished(() => driver.close())
  const admin = driver.createAdmin({ clientId: 'test' })
  const [dlq, redrive] = [deadLetterTopic(source, 'stock'), redriveTopic(source, 'stock')]
  await admin.createTopics([dlq, redrive].map((topic) => ({ topic, partitions: 1, replicationFactor: 1, configs: {} })))
  const records = Array.from({ length: COUNT }, (_, id) => ({
    key: Buffer.from(`key-${id % 7}`),
    value: Buffer.from(`value-${id}`),
    headers: [
      header(names.originGroup, 'stock'),
      header(names.reason, id % 2 === 0 ? 'even' : 'odd'),
      header(headerNames.id, String(id)),
    ],
    timestamp: Date.now(),
  }))
  await driver.createProducer({ clientId: 'test' }).append({ topic: dlq, partition: 0 }, records, { timeoutMs: 10_000 })
  return () => idsIn(admin, redrive)
}

async function idsIn(admin: DriverAdmin, topic: string): Promise<number[]> {
  const [bounds] = await admin.offsets(topic)
  const ids: number[] = []
  for await (const { records } of admin.readRange({ topic, partition: 0 }, 0n, bounds?.logEndOffset ?? 0n))
    for (const { headers } of records) ids.push(Number(headerText(headers, headerNames.id)))
  return ids
}

function startTributary(words: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--conditions=@tributary/source', MAIN, ...words], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit')
  return child.exitCode
}
