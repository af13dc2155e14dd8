import type { Cluster } from '../cluster/cluster.ts'
import type { RequestContext } from '../network/request-context.ts'
import { struct } from './composites.ts'
import { type ErrorName, errorCodes } from './error-codes.ts'
import type { FieldType, Input, Layout, Shape, Value } from './field-type.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** What a request is about, for faults that are staged for one topic, partition or group. */
export interface Subject {
  readonly topic?: string
  readonly partition?: number
  /** From where a fetch wants to read. */
  readonly fetchOffset?: bigint
  readonly group?: string
  readonly transactionalId?: string
}

/** One API of the protocol: what it looks like on the wire, and what it does. */
interface ApiDefinition<Request extends Shape, Response extends Shape> {
  readonly key: number
  readonly name: string
  /** The versions that are spoken, both included. */
  readonly versions: readonly [oldest: number, newest: number]
  /** The oldest version that clients are told of, where Kafka pretends to more than it speaks. */
  readonly advertisedSince?: number
  /** The first version with compact lengths and tagged fields; {@link never} where none has them. */
  readonly flexibleSince: number
  readonly request: Request
  readonly response: Response
  /** Answers; `null` is a request that wants no answer. */
  handle(request: Value<Request>, context: RequestContext): Answer<Response> | Promise<Answer<Response>>
  /**
   * What the answer looks like when a staged fault refuses the whole request.
   * APIs that answer partition by partition ask `context.staged` instead, so that one of them can fail alone.
   */
  fail?(request: Value<Request>, errorCode: number, version: number): Input<Response>
  subjects?(request: Value<Request>, cluster: Cluster): readonly Subject[]
}

export const never: number = Number.POSITIVE_INFINITY

type Answer<Response extends Shape> = Input<Response> | null

/** An API with the types of its own fields forgotten, as the connection sees it. */
export interface Api {
  readonly key: number
  readonly name: string
  readonly versions: readonly [oldest: number, newest: number]
  readonly advertisedSince: number
  readonly flexibleSince: number
  readonly request: FieldType<unknown>
  readonly response: FieldType<unknown>
  /** Reads a request of that version and says what it is about. */
  open(reader: Reader, version: number): OpenRequest
}

interface OpenRequest {
  /** Asked for only where a fault is staged. */
  subjects(cluster: Cluster): readonly Subject[]
  /** Applies the request; the result writes the answer's body, or is null when none is wanted. */
  handle(context: RequestContext): Promise<WriteAnswer | null>
  /** Writes a refusal, or null when this API fails partition by partition. */
  refuse(error: ErrorName): WriteAnswer | null
}

export type WriteAnswer = (writer: Writer) => void

export function defineApi<const Request extends Shape, const Response extends Shape>(
  definition: ApiDefinition<Request, Response>,
): Api {
  const request = struct(definition.request)
  const response = struct(definition.response)

  return {
    key: definition.key,
    name: definition.name,
    versions: definition.versions,
    advertisedSince: definition.advertisedSince ?? definition.versions[0],
    flexibleSince: definition.flexibleSince,
    request,
    response,
    open(reader, version) {
      const layout: Layout = { version, flexible: version >= definition.flexibleSince }
      const value = request.read(reader, layout)
      const write =
        (answer: Input<Response>, leftOut?: ReadonlySet<unknown>): WriteAnswer =>
        (writer) =>
          response.write(writer, answer, leftOut ? { ...layout, leftOut } : layout)
      return {
        subjects: (cluster) => definition.subjects?.(value, cluster) ?? [],
        async handle(context) {
          const answer = await definition.handle(value, context)
          return answer && write(answer, context.leftOut)
        },
        refuse: (error) => (definition.fail ? write(definition.fail(value, errorCodes[error], version)) : null),
      }
    },
  }
}
