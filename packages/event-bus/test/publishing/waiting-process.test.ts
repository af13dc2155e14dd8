import { execFile } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const program = fileURLToPath(new URL('../support/publish-without-answer.ts', import.meta.url))

describe('a process that waits for a publish', () => {
  it('lives until the deadline tells what became of it, and ends then', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@tributary/source', program])
    expect(stdout).toBe('PUBLISH_TIMEOUT\n')
  }, 20_000)
})
