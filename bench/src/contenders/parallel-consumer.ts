/** Confluent's Parallel Consumer in KEY mode, on the JVM: built from `bench/parallel-consumer` at its first use. */
import { createHash } from 'node:crypto'
import { cp, readFile } from 'node:fs/promises'
import path from 'node:path'
import { cached, requireCommand, run } from '@tributary/infra'
import type { ConsumingPlan } from '../workloads/consuming.ts'
import { warmUpMs } from '../workloads/warm-up.ts'
import type { Job, Measured } from '../workloads/workload.ts'
import type { Contender } from './contender.ts'

export const parallelConsumer: Contender = {
  form: 'text',
  worksAt: ['drain', 'waits', 'skew'],
  consumeElsewhere,
}

const project = path.resolve(import.meta.dirname, '../../parallel-consumer')
const VERSION = '0.5.3.3'

async function consumeElsewhere(job: Job, { keys, concurrency, sleep, capMs }: ConsumingPlan): Promise<Measured> {
  const [java, dir] = await Promise.all([requireCommand('java', 'openjdk-17-jdk-headless'), built()])
  const { brokers, topic, group, size } = job
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
    String(warmUpMs[size]),
  ])
  return JSON.parse(printed) as Measured
}

async function built(): Promise<string> {
  const source = await readFile(path.join(project, 'src/main/java/bench/ParallelConsumerBench.java'))
  const digest = createHash('sha256').update(source).digest('hex').slice(0, 8)
  return cached(`parallel-consumer-${VERSION}-${digest}`, async (dir) => {
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
