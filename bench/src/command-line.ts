import { parseArgs } from 'node:util'
import { BASELINE, contenders } from './contenders/registry.ts'
import { workloads } from './workloads/registry.ts'
import type { Size } from './workloads/workload.ts'

export const usage = `usage: pnpm bench [--quick] [--only C1,C2] [--contenders kafkajs,tributary] [--rounds 3]

--quick       smaller workloads, two rounds
--only        workloads, or the families before a hyphen: C2 is C2-10000, C2-100 …
--contenders  exactly these, and always kafkajs beside them
--rounds      how often each contender does each workload`

export interface Plan {
  readonly size: Size
  readonly rounds: number
  readonly workloads: readonly string[]
  readonly contenders: readonly string[]
}

/** @throws Error that says what is wrong. */
export function planFrom(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      only: { type: 'string' },
      contenders: { type: 'string' },
      rounds: { type: 'string' },
    },
  })
  const size = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full'
  const rounds = Number(values.rounds ?? (size === 'smoke' ? 1 : size === 'quick' ? 2 : 3))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: not a number of rounds`)
  const ids = workloads(size).map(({ id }) => id)
  return {
    size,
    rounds,
    workloads: chosen('--only', values.only, ids, (id, wanted) => id === wanted || id.startsWith(`${wanted}-`)),
    // Always with the one that all others are compared with.
    contenders: chosen(
      '--contenders',
      values.contenders && `${BASELINE},${values.contenders}`,
      Object.keys(contenders),
      (name, wanted) => name === wanted,
    ),
  }
}

function chosen(
  option: string,
  list: string | undefined,
  all: readonly string[],
  matches: (candidate: string, wanted: string) => boolean,
): readonly string[] {
  if (list === undefined) return all
  const wanted = list.split(',')
  const unknown = wanted.find((each) => !all.some((candidate) => matches(candidate, each)))
  if (unknown !== undefined) throw new Error(`${option} ${unknown}: there are ${all.join(', ')}`)
  return all.filter((candidate) => wanted.some((each) => matches(candidate, each)))
}
