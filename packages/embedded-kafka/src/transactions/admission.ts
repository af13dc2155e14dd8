import type { ErrorName } from '../protocol/error-codes.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import type { TopicPartition } from './transaction.ts'
import type { TransactionCoordinator } from './transaction-coordinator.ts'

export interface ProducerAbilities {
  /** Version 2 of transactions: writing to a partition makes it a part of the transaction. */
  readonly addsPartitions: boolean
  readonly knowsAbortable: boolean
}

/**
 * Why the first write of a transaction to a partition is refused, if it is. The leader asks the coordinator before it
 * writes, because a late write of a transaction that has ended would open another one that nobody ends (KIP-890).
 */
export function admit(
  transactions: TransactionCoordinator,
  transactionalId: string,
  producer: ProducerIdentity,
  partition: TopicPartition,
  { addsPartitions, knowsAbortable }: ProducerAbilities,
): ErrorName | undefined {
  const fault = addsPartitions
    ? transactions.add(transactionalId, producer, [partition])
    : transactions.verify(transactionalId, producer, partition)
  if (fault === 'PRODUCER_FENCED') return 'INVALID_PRODUCER_EPOCH'
  return fault === 'TRANSACTION_ABORTABLE' && !knowsAbortable ? 'INVALID_TXN_STATE' : fault
}
