import type { Size } from './workload.ts'

/**
 * How long each contender does the same work before the clock starts, in milliseconds: users' services run for days, so nobody is measured while
 * his code is not compiled yet.
 */
export const warmUpMs: Readonly<Record<Size, number>> = { smoke: 1, quick: 500, full: 1_000 }
