import type { Verdict } from '../orders/ledger.ts'
import type { Measured } from '../workloads/workload.ts'

/** One contender at one workload in one round. */
export type Result = {
  readonly workload: string
  readonly contender: string
  readonly round: number
} & (
  | { readonly measured: Measured & { readonly onLog?: Verdict }; readonly error?: undefined }
  | { readonly error: string; readonly measured?: undefined }
)

/** What is wrong with the records of a result; empty when all arrived once, in the order of their keys, as they were sent. */
export function faultsOf({ measured }: Result): string[] {
  if (measured === undefined) return []
  return [measured.handled, measured.onLog].flatMap((verdict) => (verdict === undefined ? [] : faultsIn(verdict)))
}

function faultsIn({ missing, duplicates, outOfOrder, altered, sampled }: Verdict): string[] {
  const faults: string[] = []
  if (missing > 0) faults.push(`${missing} missing`)
  if (duplicates > 0) faults.push(`${duplicates} twice`)
  if (outOfOrder > 0) faults.push(`${outOfOrder} out of order`)
  if (altered > 0) faults.push(`${altered} altered`)
  if (sampled === 0) faults.push('nothing compared')
  return faults
}
