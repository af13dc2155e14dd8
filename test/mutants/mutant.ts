/** A fault that somebody could make in the engine, planted to see that a test notices it. */
export interface Mutant {
  /** What is wrong, in words: it names the mutant in the report. */
  readonly name: string
  /** From the repository's root. */
  readonly file: string
  /** Occurs exactly once in the file; when it does no longer, the run fails and the mutant is to be written anew. */
  readonly original: string
  readonly planted: string
  /**
   * Where the tests lie that are to notice it, from the repository's root.
   *
   * @defaultValue the engine's own
   */
  readonly tests?: readonly string[]
}
