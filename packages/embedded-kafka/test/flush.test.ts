import { readdirSync } from 'node:fs'
import path from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { FileStorage } from '../src/storage/files/file-storage.ts'
import { LogFile } from '../src/storage/files/log-file.ts'
import { StorageFailed } from '../src/storage/storage-failed.ts'
import { connectRaw } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { fetchFrom, produceTo, startWaiting } from './support/requests.ts'
import { scratchDirectory } from './support/scratch-directory.ts'
import { settle } from './support/settle.ts'
import { rules, storedLog } from './support/stored-log.ts'

afterEach(() => vi.restoreAllMocks())

const batch = recordBatch([{ value: 'x' }])

/** A broker on that directory whose answers wait for the disk, with a topic and two clients. */
async function start(directory: string, partitions = 1) {
  const warnings: string[] = []
  const warn = (message: string) => warnings.push(message)
  const kafka = await startEmbeddedKafka({ dataDir: directory, flush: 'each', warn })
  if (!kafka.topics().includes('orders')) kafka.createTopic('orders', { partitions })
  const writer = await connectRaw(kafka.bootstrapServers[0])
  const reader = await connectRaw(kafka.bootstrapServers[0])
  return { kafka, writer, reader, warnings, [Symbol.asyncDispose]: () => kafka.close() }
}

it('lets no answer leave before what it speaks of is on the disk: neither the writer’s nor a reader’s', async () => {
  using directory = scratchDirectory()
  await using broker = await start(directory.path)
  const { kafka, writer, reader } = broker
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
  await using broker = await start(directory.path)
  const { writer, warnings } = broker
  vi.spyOn(FileStorage.prototype, 'flushed').mockImplementation(() => Promise.reject(new StorageFailed('EIO')))
  await expect(produceTo(writer, 'orders', batch)).rejects.toThrow('closed the connection')
  expect(warnings).toEqual([expect.stringMatching(/closes the connection of .*: EIO$/)])
})

it('brings every partition that a request writes to to the disk, and each once', async () => {
  using directory = scratchDirectory()
  await using broker = await start(directory.path, 4)
  const flush = vi.spyOn(LogFile.prototype, 'flush')
  expect(await produceTo(broker.writer, 'orders', batch, { partitions: [0, 1, 2, 3] })).toEqual([0, 0, 0, 0])
  const flushed = flush.mock.contexts.map((file) => path.basename(path.dirname((file as LogFile).path)))
  expect(flushed.filter((name) => name.startsWith('orders-')).toSorted()).toEqual([
    'orders-0',
    'orders-1',
    'orders-2',
    'orders-3',
  ])
})

it('shows a batch whose flush failed to nobody, and the next start has what is on the disk', async () => {
  using directory = scratchDirectory()
  {
    await using broker = await start(directory.path)
    const { writer, reader, warnings } = broker
    expect(await produceTo(writer, 'orders', batch)).toEqual([0])
    const flush = vi.spyOn(LogFile.prototype, 'flush').mockRejectedValueOnce(new StorageFailed('EIO'))
    await expect(produceTo(writer, 'orders', batch)).rejects.toThrow('closed the connection')
    expect(flush).toHaveBeenCalledOnce()
    await expect(fetchFrom(reader, { topic: 'orders' })).rejects.toThrow('closed the connection')
    expect(warnings.at(-1)).toMatch(/closes the connection of .*: an earlier flush to the disk failed: EIO$/)
  }
  await using again = await start(directory.path)
  expect(await fetchFrom(again.reader, { topic: 'orders' })).toMatchObject([{ errorCode: 0 }])
  expect(await produceTo(again.writer, 'orders', batch)).toEqual([0])
})

it('takes the flush of a checkpoint for what it is: the only one that hears of the failure', async () => {
  using directory = scratchDirectory()
  const policy = { segmentBytes: 200, segmentMs: Number.POSITIVE_INFINITY }
  const { log, storage, warnings, close } = storedLog(directory.path, policy, { flush: 'each' })
  const append = () => log.append(recordBatch([{ value: 'x'.repeat(100) }]), 0, rules, Date.now())
  append()
  await storage.flushed()
  vi.spyOn(LogFile.prototype, 'flush').mockRejectedValueOnce(new StorageFailed('EIO'))
  append()
  await settle()
  expect(append).toThrow('an earlier flush to the disk failed: EIO')
  await expect(storage.flushed()).rejects.toThrow('an earlier flush to the disk failed: EIO')
  await close()
  expect(warnings[0]).toMatch(/^no checkpoint in .*EIO$/)
  expect(readdirSync(path.join(directory.path, 'orders-0')).filter((name) => name.endsWith('.checkpoint'))).toEqual([])
})
