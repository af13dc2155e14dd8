import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startEmbeddedKafka } from '@tributary/embedded-kafka'
import { expect, it } from 'vitest'
import { run } from '../src/run.ts'

/** `tributary dev` on a directory, while `use` goes on. */
async function dev(directory: string, words: readonly string[], use: (address: string) => Promise<void>) {
  const started = Promise.withResolvers<string>()
  const over = Promise.withResolvers<void>()
  let error = ''
  const exitCode = run(['dev', '--port', '0', '--data', directory, '--json', ...words], {
    variables: {},
    writeOut: (text) => started.resolve(text),
    writeError: (text) => {
      error += text
    },
    connect: () => {
      throw new Error('this command connects to nothing')
    },
    interrupted: () => over.promise,
    workingDirectory: directory,
  })
  const out = await Promise.race([started.promise, exitCode.then(() => '')])
  if (out !== '') await use((JSON.parse(out) as { brokers: [string] }).brokers[0])
  over.resolve()
  return { exitCode: await exitCode, error }
}

/** Asks for the metadata of `orders` as clients do by default: it may be created. Resolves when that is answered. */
async function askForOrders(address: string): Promise<void> {
  const [host = '', port = ''] = address.split(':')
  const socket = connect(Number(port), host)
  // Metadata 5, no client id, one topic, allow_auto_topic_creation.
  const request = Buffer.from('0003000500000001ffff0000000100066f726465727301', 'hex')
  socket.write(Buffer.concat([Buffer.from([0, 0, 0, request.length]), request]))
  await once(socket, 'data')
  socket.destroy()
}

async function topicsIn(directory: string): Promise<string[]> {
  await using kafka = await startEmbeddedKafka({ dataDir: directory })
  return kafka.topics()
}

it('makes a topic for who asks for it only when told to', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tributary-dev-'))
  try {
    expect(await dev(directory, [], askForOrders)).toEqual({ exitCode: 0, error: '' })
    expect(await topicsIn(directory)).toEqual([])
    expect(await dev(directory, ['--auto-create-topics'], askForOrders)).toEqual({ exitCode: 0, error: '' })
    expect(await topicsIn(directory)).toEqual(['orders'])
  } finally {
    await rm(directory, { recursive: true })
  }
})

it('says who uses the directory, and what to do', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tributary-dev-'))
  try {
    await using _kafka = await startEmbeddedKafka({ dataDir: directory })
    const { exitCode, error } = await dev(directory, [], () => Promise.reject(new Error('it must not start')))
    expect(exitCode).toBe(1)
    expect(error).toMatch(/EMBEDDED_KAFKA_OPTIONS: .* is in use by process \d+\n.*serves one process at a time/)
  } finally {
    await rm(directory, { recursive: true })
  }
})
