import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { consoleLogger, guardedLogger, type Logger, silentLogger } from './logger.ts'

function linesOf(level: 'info' | 'error'): string[] {
  const lines: string[] = []
  const spy = vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(line))
  onTestFinished(() => spy.mockRestore())
  return lines
}

describe('the console logger', () => {
  it('writes level, message and fields, those of its parents and bigints included', () => {
    const lines = linesOf('info')
    consoleLogger
      .child({ group: 'inventory' })
      .child({ topic: 'orders' })
      .info({ nextOffset: 12n }, 'partition revoked')
    expect(lines).toEqual(["info partition revoked { group: 'inventory', topic: 'orders', nextOffset: 12n }"])
  })

  it('writes an error with stack, code and cause into one line', () => {
    const lines = linesOf('error')
    const err = Object.assign(new Error('no room', { cause: new Error('disk full') }), { code: 'NO_ROOM' })
    consoleLogger.error({ err }, 'commit failed')
    consoleLogger.error(err, 'commit failed')
    for (const line of lines) {
      expect(line).toMatch(/^error commit failed .*Error: no room at .*logger\.test\.ts.*disk full/)
      expect(line).toContain("code: 'NO_ROOM'")
    }
    expect(lines).toHaveLength(2)
  })

  it('writes what goes round in a circle', () => {
    const lines = linesOf('info')
    const fields: Record<string, unknown> = {}
    fields['self'] = fields
    consoleLogger.info(fields, 'round')
    expect(lines).toEqual([expect.stringContaining('[Circular')])
  })
})

describe('a guarded logger', () => {
  const fail = (): never => {
    throw new TypeError('Do not know how to serialize a BigInt')
  }

  it.each(['debug', 'info', 'warn', 'error'] as const)('swallows what %s throws, of a child as well', (level) => {
    const throwing: Logger = { ...silentLogger, [level]: fail, child: () => throwing }
    const guarded = guardedLogger(throwing)
    expect(() => guarded[level]({ offset: 1n }, 'line')).not.toThrow()
    expect(() => guarded.child({ group: 'g' })[level]({ offset: 1n }, 'line')).not.toThrow()
  })

  it('goes on with the parent where no child can be made, and passes every line on', () => {
    const lines: string[] = []
    const guarded = guardedLogger({
      ...silentLogger,
      info: (_fields, message) => void lines.push(message),
      child: fail,
    })
    guarded.child({ offset: 1n }).info({}, 'partition assigned')
    expect(lines).toEqual(['partition assigned'])
  })
})
