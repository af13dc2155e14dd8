/**
 * Starts, once for the whole `pnpm test:real`, the components that the selected test files name by their environment variables, in parallel. A component
 * that cannot be started fails the run, after the tests on the others: nothing is ever skipped.
 */
import type { TestProject } from 'vitest/node'
import { realComponents, type StartedComponent } from './components.ts'
import { variablesNeededBy } from './needs.ts'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const needed = new Set<string>()
  for (const file of project.vitest.state.getPaths()) {
    for (const variable of await variablesNeededBy(file)) needed.add(variable)
  }
  const known = new Set(Object.values(realComponents).flatMap((component) => component.variables))
  const unknown = [...needed].filter((variable) => !known.has(variable))
  if (unknown.length > 0)
    throw new Error(`No real component provides ${unknown.join(', ')}. There are: ${[...known].join(', ')}`)

  const wanted = Object.entries(realComponents).filter(([, component]) =>
    component.variables.some((variable) => needed.has(variable)),
  )
  const started: StartedComponent[] = []
  const close = async (): Promise<void> => {
    await Promise.all(started.map((component) => component.close()))
  }
  const results = await Promise.allSettled(
    wanted.map(async ([name, component]) => {
      const startedAt = Date.now()
      const running = await component.start()
      started.push(running)
      // Test processes are started after this and inherit the environment.
      Object.assign(process.env, running.env)
      console.log(`real ${name} is ready after ${Date.now() - startedAt} ms`)
    }),
  )
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  for (const failure of failures) console.error(String(failure))
  return async () => {
    await close()
    // The other tests have told what they can; the run has failed all the same, also when no test noticed.
    if (failures.length > 0) throw new AggregateError(failures, `not started: ${failures.map(String).join('\n')}`)
  }
}
