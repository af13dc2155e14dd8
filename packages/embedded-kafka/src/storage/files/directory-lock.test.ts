import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { expect, it } from 'vitest'
import { scratchDirectory } from '../../../test/support/scratch-directory.ts'
import { lockDirectory } from './directory-lock.ts'

it('is held once at a time, by this process too', () => {
  using directory = scratchDirectory()
  const unlock = lockDirectory(directory.path)
  expect(() => lockDirectory(directory.path)).toThrow(`in use by process ${process.pid}`)
  expect(readdirSync(directory.path)).toEqual(['lock.1'])
  unlock()
  expect(readdirSync(directory.path)).toEqual([])
  lockDirectory(directory.path)()
})

it('of a process that is gone is taken over', () => {
  using directory = scratchDirectory()
  const { pid } = spawnSync(process.execPath, ['--version'])
  writeFileSync(path.join(directory.path, 'lock.4'), JSON.stringify({ pid, startedAt: '' }))
  const unlock = lockDirectory(directory.path)
  expect(readdirSync(directory.path)).toEqual(['lock.5'])
  expect(() => lockDirectory(directory.path)).toThrow('in use')
  unlock()
})

it.runIf(process.platform === 'linux')('of an earlier process with the same id is taken over', () => {
  using directory = scratchDirectory()
  writeFileSync(path.join(directory.path, 'lock.1'), JSON.stringify({ pid: process.pid, startedAt: '1' }))
  lockDirectory(directory.path)()
})
