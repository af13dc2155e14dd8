/** Runs the examples and records what they print, for the pages that show it. A record that still fits stays: ids differ from run to run. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { exampleNames, expectationOf, outputFaults, recordPath, runExample } from './expectation.ts'

for (const name of exampleNames()) {
  const expectation = expectationOf(name)
  const { output, errors } = await runExample(name, expectation)
  const faults = outputFaults(output, expectation.output)
  const path = recordPath(name)
  if (faults.length > 0) {
    console.error(`${name} does not print what expect.json says:\n${[...faults, errors].join('\n')}`)
    process.exitCode = 1
  } else if (!existsSync(path) || outputFaults(readFileSync(path, 'utf8'), expectation.output).length > 0) {
    writeFileSync(path, output)
    console.log(`recorded ${name}`)
  }
}
