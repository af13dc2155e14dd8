import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from 'vitest'

const MAIN = new URL('../src/main.ts', import.meta.url).pathname
const SHOP = new URL('fixtures/shop.ts', import.meta.url).pathname

/** The command as a process of its own, on sources. */
describe('tributary as a process', () => {
  const children: ChildProcess[] = []
  const start = (...words: string[]) => {
    const child = spawn(process.execPath, ['--conditions=@tributary/source', MAIN, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    return child
  }
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })

  it('runs a broker until it is interrupted, says so in one line, and other commands work on it', {
    timeout: 45_000,
  }, async () => {
    const broker = start('dev', '--port', '0')
    const lines: string[] = []
    const output = createInterface({ input: broker.stdout })
    output.on('line', (line) => lines.push(line))
    const ended = once(broker, 'exit').then(async () => Buffer.concat(await broker.stderr.toArray()).toString())
    const failure = await Promise.race([once(output, 'line').then(() => null), ended])
    expect(failure).toBeNull()
    const brokers = /^ready in \d+ ms: KAFKA_BROKERS=(\S+) /.exec(lines[0] ?? '')?.[1] ?? ''
    expect(brokers).toMatch(/^127\.0\.0\.1:\d+$/)

    const ensure = start('topics', 'ensure', '--brokers', brokers, '--module', SHOP, '--json')
    const printed = await ensure.stdout.toArray()
    expect(JSON.parse(Buffer.concat(printed).toString())).toMatchObject({ created: expect.arrayContaining(['orders']) })

    const exited = once(broker, 'exit')
    broker.kill('SIGINT')
    expect(await exited).toEqual([0, null])
    expect(lines).toHaveLength(1)
  })

  it('keeps what it has in a directory, also when it is killed', { timeout: 45_000 }, async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'tributary-dev-'))
    try {
      const created: unknown[] = []
      for (const signal of ['SIGKILL', 'SIGINT'] as const) {
        const broker = start('dev', '--port', '0', '--data', directory)
        const exited = once(broker, 'exit')
        const [line] = (await once(createInterface({ input: broker.stdout }), 'line')) as [string]
        expect(line).toContain(`(data in ${directory}, for development only; Ctrl-C ends it)`)
        const brokers = /KAFKA_BROKERS=(\S+) /.exec(line)?.[1] ?? ''
        const ensure = start('topics', 'ensure', '--brokers', brokers, '--module', SHOP, '--json')
        const printed = Buffer.concat(await ensure.stdout.toArray()).toString()
        created.push((JSON.parse(printed) as { created: unknown }).created)
        broker.kill(signal)
        await exited
      }
      expect(created).toEqual([expect.arrayContaining(['orders']), []])
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  // The driver keeps trying for ten seconds.
  it('says what to do when no cluster answers', { timeout: 45_000 }, async () => {
    const list = start('dlq', 'list', '--brokers', '127.0.0.1:1')
    const [[exitCode], errors] = await Promise.all([once(list, 'exit'), list.stderr.toArray()])
    expect(exitCode).toBe(1)
    expect(Buffer.concat(errors).toString()).toMatch(/CLUSTER_UNAVAILABLE.*\nCheck --brokers/)
  })
})
