import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { cached, infraDir } from '../host/cache.ts'
import { requireCommand, run } from '../host/command.ts'

const pom = path.join(infraDir, 'kafka/pom.xml')

/** Java's class path for Kafka: the jars that `infra/kafka/pom.xml` names, fetched from Maven Central the first time (54 MB). */
export async function kafkaClassPath(): Promise<string> {
  const version = /<kafka\.version>(.*)<\/kafka\.version>/.exec(await readFile(pom, 'utf8'))?.[1]
  if (version === undefined) throw new Error(`${pom} does not say <kafka.version>`)
  const dir = await cached(`kafka-${version}`, async (partial) => {
    const maven = await requireCommand('mvn', 'maven')
    await run(maven, [
      '-q',
      '-B',
      '-ntp',
      '-f',
      pom,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${path.join(partial, 'libs')}`,
    ])
  })
  return path.join(dir, 'libs', '*')
}
