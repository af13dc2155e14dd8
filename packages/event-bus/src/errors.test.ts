import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as errors from './errors.ts'

const repository = new URL('../../../', import.meta.url)
const page = readFileSync(new URL('docs/errors.md', repository), 'utf8')

/** What the page says: `### \`CODE\`` and, below it, class and retryability. */
const documented = new Map(
  Array.from(page.matchAll(/^### `([A-Z_]+)`\n\n`(\w+)` · retryable: (yes|no) · data lost: \S.*$/gm), (match) => [
    match[1],
    { name: match[2], retryable: match[3] === 'yes' },
  ]),
)

/** What the sources say, in this package and in every other that has errors of its own. */
const declared = globSync('packages/*/src/**/*.ts', { cwd: repository }).flatMap((path) => {
  const source = readFileSync(new URL(path, repository), 'utf8')
  const classes =
    /^export class (\w+) extends \w+ \{\n {2}static override readonly code = '([A-Z_]+)'\n {2}static override readonly retryable = (true|false)$/gm
  return Array.from(source.matchAll(classes), ([, name, code, retryable]) => ({
    code,
    name,
    retryable: retryable === 'true',
  }))
})

type ErrorClass = (new (...args: never[]) => Error) & { readonly code: string; readonly retryable: boolean }

function isErrorClass(exported: unknown): exported is ErrorClass {
  return typeof exported === 'function' && 'code' in exported && exported.code !== undefined
}

const exports: readonly unknown[] = Object.values(errors)
const classes = exports.filter(isErrorClass)

/** Some instance of a class, whatever its constructor asks for. */
function instanceOf(errorClass: ErrorClass): Error {
  const instance: unknown =
    errorClass === errors.RetryLater
      ? new errors.RetryLater({ afterMs: 1_000 })
      : errorClass === errors.PublishManyError
        ? new errors.PublishManyError([])
        : Reflect.construct(errorClass, ['a message', { outcome: 'unknown', path: 'a.b', cause: 'a cause' }])
  if (!(instance instanceof Error)) throw new Error(`${errorClass.name} makes no errors`)
  return instance
}

describe('the page of errors', () => {
  it('has every error that there is, with its class and whether it may be tried again', () => {
    expect(declared.length).toBeGreaterThanOrEqual(classes.length)
    for (const { code, name, retryable } of declared) {
      expect(documented.get(code), `${code} of ${name} on the page`).toEqual({ name, retryable })
    }
  })

  it('has no error that there is not', () => {
    expect([...documented.keys()].toSorted()).toEqual(declared.map(({ code }) => code).toSorted())
    expect(page.match(/^### /gm)).toHaveLength(documented.size)
  })

  it('says of each what it means, where it comes from and what to do', () => {
    for (const entry of page.split('\n### ').slice(1)) {
      expect(entry).toMatch(/\n- \*\*Meaning\.\*\* \S/)
      expect(entry).toMatch(/\n- \*\*Likely cause\.\*\* \S/)
      expect(entry).toMatch(/\n- \*\*What to do\.\*\* \S/)
    }
  })
})

describe('error classes', () => {
  it('are all seen by the pattern that reads the sources', () => {
    const seen = new Set(declared.map(({ name }) => name))
    expect(classes.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([])
  })

  it('have codes of their own', () => {
    expect(new Set(declared.map(({ code }) => code)).size).toBe(declared.length)
  })

  it.each(classes.map((errorClass) => [errorClass.name, errorClass] as const))(
    '%s gives its instances its own name, code and retryability',
    (name, errorClass) => {
      expect(instanceOf(errorClass)).toMatchObject({ name, code: errorClass.code, retryable: errorClass.retryable })
    },
  )
})
