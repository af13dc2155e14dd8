/** One run of the suite as a file: everything that was measured, and on what. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import type { Size } from '../workloads/workload.ts'
import type { Result } from './result.ts'

export interface Run {
  readonly startedAt: string
  readonly command: string
  readonly size: Size
  readonly rounds: number
  readonly machine: {
    readonly processor: string
    readonly cores: number
    readonly memoryGiB: number
    readonly system: string
  }
  /** By name; Kafka's is that of `infra/kafka/pom.xml`. */
  readonly versions: Readonly<Record<string, string>>
  /** What else the machine did: its load average over a minute, before the first and after the last round. */
  readonly load: { readonly before: number; readonly after: number }
  readonly results: readonly Result[]
}

const dir = path.resolve(import.meta.dirname, '../../results')
/** The last run; not part of the repository. */
export const lastRunFile = path.join(dir, 'last.json')
/** The run that `docs/benchmarks.md` shows. */
export const publishedRunFile = path.join(dir, 'published.json')

export async function saveRun(run: Run, file: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  await writeFile(file, `${JSON.stringify(run, null, 1)}\n`)
}

export async function loadRun(file: string): Promise<Run> {
  return JSON.parse(await readFile(file, 'utf8')) as Run
}

export function machine(): Run['machine'] {
  const [cpu] = os.cpus()
  return {
    processor: cpu?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
  }
}

export async function versions(): Promise<Run['versions']> {
  const infra = path.resolve(import.meta.dirname, '../../../infra/kafka/pom.xml')
  const consumer = path.resolve(import.meta.dirname, '../../parallel-consumer/pom.xml')
  return {
    node: process.version,
    kafka: tag(await readFile(infra, 'utf8'), 'kafka.version'),
    'parallel-consumer': tag(await readFile(consumer, 'utf8'), 'parallel-consumer.version'),
    ...Object.fromEntries(
      ['kafkajs', '@platformatic/kafka', 'kafka-ts', '@nestjs/microservices'].map((name) => [name, versionOf(name)]),
    ),
  }
}

function tag(pom: string, name: string): string {
  return new RegExp(`<${name}>(.*)</${name}>`).exec(pom)?.[1] ?? 'unknown'
}

function versionOf(name: string): string {
  const manifest: { dependencies: Record<string, string> } = createRequire(import.meta.url)('../../package.json')
  const wanted = manifest.dependencies[name] ?? 'unknown'
  if (wanted !== 'catalog:') return wanted
  // From the catalog of the repository: the installed one says it. By its path, for a package need not export its manifest.
  return createRequire(import.meta.url)(path.resolve(import.meta.dirname, '../../node_modules', name, 'package.json'))
    .version
}
