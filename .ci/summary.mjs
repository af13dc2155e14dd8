// Adds up what `.ci/run` did. Every test counts as one, and so does every check of the chaos; so does a step without a report (install, check, demo).
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const reports = process.argv[2] ?? '.vitest-reports'
const reportOf = { test: 'test.json', 'test:real': 'test-real.json', chaos: 'chaos.json' }
let passed = 0
let failed = 0
const secondAttempts = []

console.log('\n=== summary')
for (const line of readFileSync(path.join(reports, 'steps'), 'utf8').trim().split('\n')) {
  const [name, status] = line.split(' ')
  const file = name in reportOf ? path.join(reports, reportOf[name]) : undefined
  const report = file !== undefined && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  // Only comparisons with what is not ours may be made twice: packages/embedded-kafka/test/support/comparison.ts.
  for (const test of (report?.testResults ?? []).flatMap((file) => file.assertionResults))
    if (test.status === 'passed' && test.failureMessages.length > 0)
      secondAttempts.push(`${test.fullName}: ${test.failureMessages[0].split('\n')[0]}`)
  const heldChecks = report?.checks?.filter((check) => check.holds).length
  const ok = report?.numPassedTests ?? heldChecks ?? (status === '0' ? 1 : 0)
  // Tests that were skipped did not pass, and a file that cannot be loaded is a failure though none of its tests ran.
  const notPassed = (report?.numFailedTests ?? 0) + (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
  const notLoaded = (report?.testResults ?? []).filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length
  const brokenChecks = (report?.checks?.length ?? 0) - (heldChecks ?? 0)
  const notOk = notPassed + notLoaded + brokenChecks
  // A step can fail without a failed test: a component that does not start.
  const counted = notOk === 0 && status !== '0' ? 1 : notOk
  // A simulation is one test, however many seeds it has run.
  const counts = path.join(reports, `${name}.txt`)
  const detail = existsSync(counts) ? ` (${readFileSync(counts, 'utf8').trim()})` : ''
  console.log(`${name}: ${ok} passed, ${counted} failed${detail}`)
  passed += ok
  failed += counted
}
for (const each of secondAttempts) console.log(`passed at the second attempt: ${each}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
