/** Unions, tagged only where JavaScript could not tell the branches apart. */
import avsc from 'avsc'
import type { CompileOptions, Placeholder, Reading, Resolver, Tap } from './avsc.ts'
import { type Kind, kindOf } from './representation.ts'

/** Values stand as they are: every branch has another kind. */
export class PlainUnionType extends avsc.types.UnwrappedUnionType {
  declare readonly _bucketIndices: { [kind: string]: number }

  constructor(branches: Placeholder[], branchKinds: readonly Kind[], options: CompileOptions) {
    super(branches, options)
    branchKinds.forEach((kind, index) => {
      this._bucketIndices[kind] = index
    })
  }

  /** avsc would ask every branch of a logical type in turn. */
  _getIndex(value: unknown): number | undefined {
    return this._bucketIndices[kindOf(value)]
  }

  override _update(resolver: Resolver, writer: avsc.Type, options: object): void {
    const chosen = resolveBranch(this.types, writer, options)
    if (chosen !== null) resolver._read = (tap) => chosen.reading._read(tap)
  }
}

/** Values other than null are wrapped: `{ 'shop.Card': { … } }`. */
export class TaggedUnionType extends avsc.types.WrappedUnionType {
  declare readonly _branchIndices: { [name: string]: number }

  constructor(branches: Placeholder[], options: CompileOptions) {
    super(branches, options)
    // Otherwise `{ toString: … }` would name a branch.
    Object.setPrototypeOf(this._branchIndices, null)
  }

  override _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'object') throw new TypeError('not a tagged value')
    super._write(tap, value)
  }

  override _update(resolver: Resolver, writer: avsc.Type, options: object): void {
    const chosen = resolveBranch(this.types, writer, options)
    if (chosen === null) return
    const { branch, reading } = chosen
    resolver._read = (tap) => branch.wrap(reading._read(tap))
  }
}

interface Chosen {
  readonly branch: avsc.Type
  readonly reading: Reading
}

/**
 * The branch that a reader's union takes for one writer's type: the one of the same name, else the first that can read it. avsc takes the first in any
 * case, so that a string becomes bytes where a union has both.
 */
function resolveBranch(branches: readonly avsc.Type[], writer: avsc.Type, options: object): Chosen | null {
  const same = branches.find((branch) => branch.branchName === writer.branchName)
  for (const branch of same === undefined ? branches : [same]) {
    // avsc remembers the resolver of two records also when it could not be made, and would take it for good the next time.
    if (branch.name !== undefined && branch.name !== writer.name && !branch.aliases?.includes(writer.name ?? ''))
      continue
    try {
      return { branch, reading: branch.createResolver(writer, options) }
    } catch {
      // Another branch may do.
    }
  }
  return null
}
