import { requests } from './kafkajs-internals.ts'

/** One kind of request: which versions we speak, how it is written and how its answer is read. */
export interface Api<Args, Answer> {
  readonly name: string
  readonly key: number
  readonly minVersion: number
  readonly maxVersion: number
  /** Error codes in the answer are left to the caller, who looks at every partition's. */
  exchange(version: number, args: Args): Exchange<Answer>
}

export interface Exchange<Answer> {
  /** The body, in parts that follow each other on the wire. */
  encode(): readonly Buffer[] | Promise<readonly Buffer[]>
  decode(payload: Buffer): Answer | Promise<Answer>
}

/**
 * A request as kafkajs writes and reads it. Its `parse` step is left out: it throws the first error code of an answer and drops the rest, which is
 * how the other partitions of a request come to be forgotten.
 */
export function kafkajsApi<Args extends object, Answer>(name: string, key: number): Api<Args, Answer> {
  const definition = requests[name]
  if (definition === undefined) throw new TypeError(`kafkajs has no request named ${name}`)
  const versions = definition.versions.map(Number)
  return {
    name,
    key,
    minVersion: Math.min(...versions),
    maxVersion: Math.max(...versions),
    exchange(version, args) {
      const { request, response } = definition.protocol({ version })(args)
      return {
        encode: async () => [(await request.encode()).buffer],
        decode: async (payload) => (await response.decode(payload)) as Answer,
      }
    },
  }
}
