import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'

const program = fileURLToPath(new URL('support/service.ts', import.meta.url))

describe('runService', () => {
  let child: ChildProcess
  afterEach(() => child.kill('SIGKILL'))

  /** Starts the program and collects its log lines; resolves when it has said `until`. */
  async function start(mode: string, until: string): Promise<string[]> {
    child = spawn(process.execPath, ['--conditions=@tributary/source', program, mode], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    if (child.stdout === null) throw new Error('no standard output')
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg } = JSON.parse(line) as { msg: string }
      said.push(msg)
      if (msg === until) resolve()
    })
    await promise
    return said
  }

  it('closes in the reverse order of starting at SIGTERM, and ends with status 0', async () => {
    const said = await start('orderly', 'ready')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(said).toEqual(['ready', 'closing', 'http closed', 'database closed', 'closed'])
  })

  it('ends at once at the second signal', async () => {
    const said = await start('slow', 'ready')
    child.kill('SIGTERM')
    await vi.waitUntil(() => said.includes('closing'))
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([143, null])
  })

  it('closes what it has started, and ends with status 1, when it cannot start', async () => {
    const said = await start('cannot start', 'closed')
    expect(await once(child, 'exit')).toEqual([1, null])
    expect(said).toEqual(['the service cannot go on', 'database closed', 'closed'])
  })

  it('ends with status 1 when it fails, and when it does not close in time', async () => {
    await start('fails', 'closed')
    expect(await once(child, 'exit')).toEqual([1, null])
    await start('never closes', 'closing took too long; what was under way is done again after the next start')
    expect(await once(child, 'exit')).toEqual([1, null])
  })
})
