import { faultsOf, type Result } from './result.ts'

/** One line for the terminal, while the suite runs. */
export function describeResult(result: Result): string {
  const { workload, contender, round, measured, error } = result
  const place = `${workload.padEnd(9)} round ${round + 1}  ${contender.padEnd(22)}`
  if (measured === undefined) return `${place} failed: ${error}`
  const { records, elapsedMs, cpuMs, peakRssMiB, latencyMs, isCapped } = measured
  const rate = Math.round((records / elapsedMs) * 1000).toLocaleString('en')
  const cpu = ((cpuMs * 1000) / records).toFixed(2)
  const latency = latencyMs === undefined ? '' : `  p50 ${latencyMs.p50.toFixed(2)} ms, p99 ${latencyMs.p99.toFixed(2)}`
  const faults = faultsOf(result)
  return `${place} ${rate.padStart(9)}/s ${(elapsedMs / 1000).toFixed(3).padStart(8)} s ${cpu.padStart(6)} µs CPU ${peakRssMiB.toFixed(0).padStart(5)} MiB${latency}${isCapped ? '  (stopped early)' : ''}${faults.length > 0 ? `  FAULTS: ${faults.join(', ')}` : ''}`
}
