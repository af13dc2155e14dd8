/** Confluent's Parallel Consumer in KEY mode, on the JVM: built from `bench/parallel-consumer` at its first use. */
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { cached, requireCommand, run } from '@tributary/infra'
import type { ConsumingPlan } from '../workloads/consuming.ts'
import type { Measured } from '../workloads/workload.ts'
import type { Contender, Source } from './contender.ts'

export const parallelConsumer: Contender = {
  form: 'text',
  worksAt: ['drain', 'waits', 'skew'],
  consumeElsewhere,
}

const project = path.resolve(import.meta.dirname, '../../parallel-consumer')
const VERSION = '0.5.3.3'

async function consumeElsewhere(source: Source, { keys, sleep, capMs }: ConsumingPlan): Promise<Measured> {
  const [java, dir] = await Promise.all([requireCommand('java', 'openjdk-17-jdk-headless'), built()])
  const { brokers, topic, group, concurrency } = source
  const printed = await run(java, [
    '-cp',
    path.join(dir, 'libs', '*'),
    'bench.ParallelConsumerBench',
    brokers.join(','),
    topic,
    group,
    String(keys.length),
    String(concurrency),
    String(sleep),
    String(capMs),
  ])
  return JSON.parse(printed) as Measured
}

function built(): Promise<string> {
  return cached(`parallel-consumer-${VERSION}`, async (dir) => {
    await cp(project, dir, { recursive: true })
    const maven = await requireCommand('mvn', 'maven')
    await run(maven, [
      '-q',
      '-B',
      '-ntp',
      '-f',
      path.join(dir, 'pom.xml'),
      'package',
      'dependency:copy-dependencies',
      `-DoutputDirectory=${path.join(dir, 'libs')}`,
    ])
    await cp(path.join(dir, 'target/parallel-consumer-bench-1.jar'), path.join(dir, 'libs/bench.jar'))
  })
}
