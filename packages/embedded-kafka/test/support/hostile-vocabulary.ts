/** Values with which a request gets further than with any: names that exist, and numbers at the edges. */
import fc from 'fast-check'
import { anyScalar } from './arbitrary-fields.ts'
import { recordBatch } from './record-batch.ts'

const names = [
  'orders',
  'many',
  'group',
  'txn',
  'member',
  '',
  '__proto__',
  'constructor',
  '__consumer_offsets',
  '*',
  'range',
  'consumer',
]
const settings = [
  'cleanup.policy',
  'compact',
  'message.timestamp.type',
  'LogAppendTime',
  'segment.bytes',
  '1048576',
  'retention.ms',
  '-1',
]

const batches = [
  recordBatch([{ key: 'a', value: 'x' }]),
  recordBatch([{ value: 'x' }, { value: 'y' }], { producerId: 1_000n, producerEpoch: 0, baseSequence: 0 }),
  recordBatch([{ value: 'x' }], { producerId: 1_000n, producerEpoch: 0, baseSequence: 2 ** 31 - 1, attributes: 0x10 }),
  recordBatch([{ value: 'x' }], { attributes: 0x20 }),
  recordBatch([{ value: 'x' }], { attributes: 4 }),
  recordBatch([{ value: 'x', timestamp: 0 }], { baseTimestamp: 0 }),
  Buffer.alloc(61),
]

/** @param topicIds - of topics that exist. */
export function vocabulary(topicIds: readonly string[]): (name: string) => fc.Arbitrary<unknown> {
  const rarely = (common: fc.Arbitrary<unknown>, name: string): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 4, arbitrary: common }, { weight: 1, arbitrary: anyScalar(name) })
  return (name) => {
    switch (name) {
      case 'int8':
      case 'int16':
        return rarely(fc.constantFrom(-2, -1, 0, 0, 1, 2, 3, 4, 127), name)
      case 'int32':
        return rarely(fc.constantFrom(-2, -1, 0, 0, 0, 1, 2, 3, 100, 6_000, 30_000, 2 ** 31 - 1, -(2 ** 31)), name)
      case 'int64':
        return rarely(fc.constantFrom(-6n, -3n, -2n, -1n, 0n, 0n, 1n, 1_000n, 2n ** 63n - 1n, -(2n ** 63n)), name)
      case 'string':
        return rarely(fc.constantFrom(...names, ...settings), name)
      case 'uuid':
        return rarely(fc.constantFrom(...topicIds), name)
      case 'records':
        return rarely(fc.constantFrom(...batches.map((batch) => [batch])), name)
      default:
        return anyScalar(name)
    }
  }
}
