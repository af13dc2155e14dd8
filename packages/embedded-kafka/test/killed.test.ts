import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { connectRaw } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { produceTo } from './support/requests.ts'
import { scratchDirectory } from './support/scratch-directory.ts'

const script = new URL('fixtures/broker-process.ts', import.meta.url).pathname
/** Large enough that segments are ended and checkpoints written while the broker is killed. */
const padding = 'x'.repeat(20_000)

async function startProcess(dataDir: string, flush: string) {
  const child = spawn(process.execPath, ['--conditions=@tributary/source', script, dataDir, flush], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [address] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return {
    address,
    kill(): Promise<unknown> {
      child.kill('SIGKILL')
      return exited
    },
  }
}

it.each(['system', 'each'] as const)(
  'a broker that is killed in the middle of producing has everything that it acknowledged, flush %s',
  { timeout: 60_000 },
  async (flush) => {
    using directory = scratchDirectory()
    const acknowledged: [string[], string[]] = [[], []]
    let sent = 0
    for (let round = 0; round < 3; round++) {
      const broker = await startProcess(directory.path, flush)
      using client = await connectRaw(broker.address)
      const killAt = sent + 40 + round * 13
      // Several requests on their way at any time, also when the broker is killed.
      const produce = async (): Promise<void> => {
        while (sent < killAt) {
          const value = `${sent++} ${padding}`
          const partition = sent % 2
          const errors = await produceTo(client, 'orders', recordBatch([{ value }]), { partitions: [partition] })
          expect(errors).toEqual([0])
          acknowledged[partition === 0 ? 0 : 1].push(value)
        }
      }
      const producing = [produce(), produce(), produce(), produce()]
      await Promise.race(producing)
      await broker.kill()
      await Promise.allSettled(producing)
    }

    await using kafka = await startEmbeddedKafka({ dataDir: directory.path, warn: () => {} })
    for (const partition of [0, 1]) {
      const found = kafka.log('orders', partition).map(({ value }) => String(value))
      const missing = acknowledged[partition === 0 ? 0 : 1].filter((value) => !found.includes(value))
      expect(missing).toEqual([])
      expect(new Set(found).size).toBe(found.length)
    }
    const count = acknowledged[0].length + acknowledged[1].length
    expect(count).toBeGreaterThan(100)
  },
)
