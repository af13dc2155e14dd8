/** The README's quick start under three runners, on the package as it is published: both builds, and what `exports` says of them. */
import { execFile } from 'node:child_process'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = path.join(import.meta.dirname, '..')
const programs = path.join(root, 'node_modules')
/** Inside the package: the clients that examples import are found in the folders above them. */
const stage = path.join(root, '.cache', `runners-${process.pid}`)

/** @throws with what the program printed when it does not exit with 0. */
function run(args: readonly string[], cwd: string): Promise<{ stdout: string; stderr: string }> {
  // The runner that is started is not to take itself for a worker of this one.
  const own = /^(VITEST|NODE_|TEST$|FORCE_COLOR$)/
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)))
  return promisify(execFile)(process.execPath, args, { cwd, env: { ...env, NO_COLOR: '1' }, timeout: 100_000 })
}

beforeAll(async () => {
  const published = path.join(stage, 'node_modules', '@tributary', 'embedded-kafka')
  await mkdir(path.join(published, 'dist', 'commonjs'), { recursive: true })
  const compile = (project: string, folder: string): Promise<unknown> =>
    run([path.join(programs, 'typescript/bin/tsc'), '-p', project, '--outDir', path.join(published, folder)], root)
  await Promise.all([
    // Without one of its own the project would be a part of the package, and its imports of it would go there.
    writeFile(path.join(stage, 'package.json'), '{}'),
    compile('tsconfig.build.json', 'dist'),
    compile('tsconfig.commonjs.json', 'dist/commonjs'),
    cp(path.join(root, 'package.json'), path.join(published, 'package.json')),
    cp(path.join(root, 'commonjs'), path.join(published, 'dist', 'commonjs'), { recursive: true }),
  ])
}, 120_000)

afterAll(() => rm(stage, { recursive: true, force: true }))

it.each([
  { example: 'vitest', command: [path.join(programs, 'vitest/vitest.mjs'), 'run'], passed: /Tests +1 passed/ },
  {
    example: 'jest',
    command: [path.join(programs, 'jest/bin/jest.js'), '--rootDir=.', '--cacheDirectory=cache'],
    passed: /Tests: +1 passed/,
  },
  { example: 'node-test', command: ['--test'], passed: /pass 1$/m },
])('the example for $example passes', { timeout: 120_000 }, async ({ example, command, passed }) => {
  const project = path.join(stage, example)
  await cp(path.join(root, 'examples', example), project, { recursive: true })
  const { stdout, stderr } = await run(command, project)
  expect(stdout + stderr).toMatch(passed)
})
