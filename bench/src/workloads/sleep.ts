/** How long handlers wait, in whole milliseconds: not at all, from 0 to 5 by the order's number, or always the same. */
export type Sleep = 'none' | '0-5' | number

/** The same for an order wherever it is handled (`ParallelConsumerBench.java` has this in Java). 0 to 5 are 2.5 on average. */
export function sleepMs(sleep: Sleep, sequence: number): number {
  if (sleep === 'none') return 0
  return sleep === '0-5' ? (Math.imul(sequence, 0x9e3779b1) >>> 0) % 6 : sleep
}
