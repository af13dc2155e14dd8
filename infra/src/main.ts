/** `pnpm infra up [component[=port] …]`, `pnpm infra down`, `pnpm infra warm [component …]`: real components on 127.0.0.1, without Docker. */
import { jaegerBinary } from './jaeger/jaeger-binary.ts'
import { kafkaClassPath } from './kafka/jars.ts'
import { components } from './stack/components.ts'
import { down, up } from './stack/stack.ts'

const usage = `usage: pnpm infra up [component[=port] ...]   start and print the environment lines to use them
       pnpm infra down                       stop everything that "up" started and delete its data
       pnpm infra warm [kafka] [jaeger]      only fetch and build what the components need

components: ${Object.keys(components).join(', ')}; without any: kafka postgres jaeger smtp
`

const warmers: Readonly<Record<string, () => Promise<string>>> = { kafka: kafkaClassPath, jaeger: jaegerBinary }

async function main([command, ...names]: readonly string[]): Promise<number> {
  if (command === 'up') return upAll(names.length > 0 ? names : ['kafka', 'postgres', 'jaeger', 'smtp'])
  if (command === 'down') {
    for (const name of await down()) console.error(`stopped ${name}`)
    return 0
  }
  if (command === 'warm') {
    await Promise.all(
      (names.length > 0 ? names : Object.keys(warmers)).map(async (name) => {
        const warm = warmers[name]
        if (warm === undefined) throw new Error(`Nothing to warm for "${name}"`)
        console.error(`${name}: ${await warm()}`)
      }),
    )
    return 0
  }
  process.stderr.write(usage)
  return 2
}

/** Environment lines go to stdout, for `export $(pnpm -s infra up kafka)`; everything else goes to stderr. */
async function upAll(wanted: readonly string[]): Promise<number> {
  const results = await Promise.allSettled(
    wanted.map(async (component) => {
      const [name = '', port] = component.split('=')
      process.stdout.write(await up(name, port === undefined ? undefined : Number(port)))
    }),
  )
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []))
  for (const failure of failures) console.error(failure)
  return failures.length === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
