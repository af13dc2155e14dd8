import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { connectRaw } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { fetchFrom, produceTo } from './support/requests.ts'
import { scratchDirectory } from './support/scratch-directory.ts'

const script = new URL('fixtures/broker-process.ts', import.meta.url).pathname
const storageError = 56
/** Of util-linux: gives a process mounts of its own, without privileges where the system allows it. */
const ownMounts = 'unshare'
/** A file system of two megabytes that only the child sees. */
const onSmallDisk = [
  '-rm',
  'sh',
  '-c',
  'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" --conditions=@tributary/source "$3" "$1"',
  'sh',
]

it('a disk that is really full refuses what does not fit, and everything before it is read', async () => {
  using directory = scratchDirectory()
  const child = spawn(ownMounts, [...onSmallDisk, directory.path, process.execPath, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [address] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    using client = await connectRaw(address)
    const large = recordBatch([{ value: 'x'.repeat(300_000) }])
    let written = 0n
    for (;;) {
      const [error] = await produceTo(client, 'orders', large)
      if (error === storageError) break
      expect(error).toBe(0)
      written += 1n
    }
    expect(written).toBeGreaterThan(4n)
    expect(await produceTo(client, 'orders', large)).toEqual([storageError])
    // What is small still fits where the large batch was cut off again.
    expect(await produceTo(client, 'orders', recordBatch([{ value: 'small' }]))).toEqual([0])
    const answered = await fetchFrom(client, { topic: 'orders', offset: written })
    expect(answered).toMatchObject([{ errorCode: 0, highWatermark: written + 1n }])
    expect(answered[0]?.records?.[0]?.toString('latin1')).toContain('small')
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})
