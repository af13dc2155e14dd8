/** Unions, tagged only where JavaScript could not tell the branches apart. */
import avsc from 'avsc'
import type { CompileOptions, Placeholder, Tap } from './avsc.ts'
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
}
