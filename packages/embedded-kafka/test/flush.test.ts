import { afterEach, expect, it, vi } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { FileStorage } from '../src/storage/files/file-storage.ts'
import { StorageFailed } from '../src/storage/storage-failed.ts'
import { connectRaw } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { fetchFrom, produceTo, startWaiting } from './support/requests.ts'
import { scratchDirectory } from './support/scratch-directory.ts'
import { settle } from './support/settle.ts'

afterEach(() => vi.restoreAllMocks())

const batch = recordBatch([{ value: 'x' }])

it('lets no answer leave before what it speaks of is on the disk: neither the writer’s nor a reader’s', async () => {
  using directory = scratchDirectory()
  await using kafka = await startEmbeddedKafka({ dataDir: directory.path, flush: 'each' })
  kafka.createTopic('orders')
  using writer = await connectRaw(kafka.bootstrapServers[0])
  using reader = await connectRaw(kafka.bootstrapServers[0])
  const { answer } = await startWaiting(kafka, reader, { topic: 'orders' })

  const onDisk = Promise.withResolvers<void>()
  vi.spyOn(FileStorage.prototype, 'flushed').mockImplementation(() => onDisk.promise)
  const answered: string[] = []
  using applied = kafka.faults.on('Produce').run(() => {}, 'before')
  const written = produceTo(writer, 'orders', batch).then(() => answered.push('writer'))
  const read = answer.then(() => answered.push('reader'))
  await applied.happened()
  for (let turn = 0; turn < 20; turn++) await settle()
  expect(kafka.offsets('orders', 0).endOffset).toBe(1n)
  expect(answered).toEqual([])
  onDisk.resolve()
  await Promise.all([written, read])
})

it('says nothing to a client whose bytes could not be brought to the disk', async () => {
  using directory = scratchDirectory()
  const warnings: string[] = []
  const warn = (message: string) => warnings.push(message)
  await using kafka = await startEmbeddedKafka({ dataDir: directory.path, flush: 'each', warn })
  kafka.createTopic('orders')
  using writer = await connectRaw(kafka.bootstrapServers[0])
  vi.spyOn(FileStorage.prototype, 'flushed').mockImplementation(() => Promise.reject(new StorageFailed('EIO')))
  await expect(produceTo(writer, 'orders', batch)).rejects.toThrow('closed the connection')
  expect(warnings).toEqual([expect.stringMatching(/closes the connection of .*: EIO$/)])
})

it('waits for the disk once, however many write at a time', async () => {
  using directory = scratchDirectory()
  await using kafka = await startEmbeddedKafka({ dataDir: directory.path, flush: 'each' })
  kafka.createTopic('orders', { partitions: 4 })
  using client = await connectRaw(kafka.bootstrapServers[0])
  expect(await produceTo(client, 'orders', batch, { partitions: [0, 1, 2, 3] })).toEqual([0, 0, 0, 0])
  expect(await fetchFrom(client, { topic: 'orders' })).toMatchObject([{ highWatermark: 1n }])
})
