/** Every contender by name. Loaded one at a time, each in a process of its own, so that none pays for another's modules. */
import type { Contender } from './contender.ts'

type Load = () => Promise<Contender>

/** The one that all others are compared with. */
export const BASELINE = 'kafkajs'

export const contenders: Readonly<Record<string, Load>> = {
  [BASELINE]: async () => (await import('./kafkajs.ts')).eachMessage,
  'kafkajs-batch': async () => (await import('./kafkajs.ts')).eachBatch,
  'kafkajs-by-hand': async () => (await import('./kafkajs-by-hand.ts')).byHand,
  'kafkajs-partitions': async () => (await import('./kafkajs.ts')).eachMessageByPartition,
  nestjs: async () => (await import('./nestjs.ts')).nestjs,
  platformatic: async () => (await import('./platformatic.ts')).platformatic,
  'kafka-ts': async () => (await import('./kafka-ts.ts')).kafkaTs,
  'parallel-consumer': async () => (await import('./parallel-consumer.ts')).parallelConsumer,
  'tributary-driver': async () => (await import('./tributary-driver.ts')).driverAlone,
  'in-memory': async () => (await import('./in-memory.ts')).inMemory,
  tributary: async () => (await import('./tributary.ts')).tributary,
  'tributary-bytes': async () => (await import('./tributary-bytes.ts')).tributaryBytes,
  'tributary-sampled-10': () => tributarySampled(0.1),
  'tributary-sampled-100': () => tributarySampled(1),
}

async function tributarySampled(ratio: number): Promise<Contender> {
  const [{ tributary }, { startTracing }] = await Promise.all([import('./tributary.ts'), import('./tracing.ts')])
  return { ...tributary, worksAt: ['batches', 'drain'], prepareProcess: () => startTracing(ratio) }
}
