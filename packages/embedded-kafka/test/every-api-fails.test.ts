import { describe, expect, it } from 'vitest'
import { type ApiName, apis } from '../src/api/catalogue.ts'
import { answersInParts, selectors } from '../src/faults/selectors.ts'
import {
  type Authorize,
  type EmbeddedKafka,
  type EmbeddedKafkaOptions,
  type ErrorName,
  startEmbeddedKafka,
} from '../src/index.ts'
import type { Api } from '../src/protocol/api.ts'
import { errorCodes } from '../src/protocol/error-codes.ts'
import { Reader } from '../src/protocol/reader.ts'
import { Writer } from '../src/protocol/writer.ts'
import { type Needs, needs } from '../src/security/operations.ts'
import { commit } from './support/commit.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'
import { sampleRequest } from './support/sample-request.ts'

const name = 'orders'
const policyViolation = 44
/** The kind of a resource whose settings are described. */
const topicResource = 2
/** Kinds of coordinators and of resources. */
const kinds = [0, 1, topicResource]

const refusals = {
  topic: 'TOPIC_AUTHORIZATION_FAILED',
  group: 'GROUP_AUTHORIZATION_FAILED',
  transactionalId: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  cluster: 'CLUSTER_AUTHORIZATION_FAILED',
} as const satisfies Record<keyof Needs, ErrorName>

/** Topics of a group are looked at when it has members, which a sample has not. */
function isAskedAlone(api: ApiName, resource: string): boolean {
  return !(api === 'ConsumerGroupDescribe' && resource === 'topic')
}

/** The newest, but where newer ones let a client name a topic in two ways, and a sample does both. */
const spokenVersions: Partial<Record<ApiName, number>> = { Metadata: 9, DeleteTopics: 5 }

interface Stage extends AsyncDisposable {
  readonly kafka: EmbeddedKafka
  readonly client: RawClient
  readonly version: number
  sample(int8?: number): Record<string, unknown>
}

async function stage(api: Api, options: EmbeddedKafkaOptions = {}): Promise<Stage> {
  const kafka = await startEmbeddedKafka({ autoCreateTopics: false, warn: () => {}, ...options })
  kafka.createTopic(name)
  // A group that is there, or nothing of it could be deleted.
  await commit(kafka, { groupId: name, topic: name, nextOffset: 1n })
  const client = await connectRaw(kafka.bootstrapServers[0])
  const asked = { topics: [{ name }], allowAutoTopicCreation: false }
  const { topics } = await client.ask<{ topics: { topicId: string }[] }>('Metadata', 11, asked)
  const topicId = topics[0]?.topicId ?? ''
  return {
    kafka,
    client,
    version: spokenVersions[api.name as ApiName] ?? api.versions[1],
    sample: (int8 = 0) => sampleRequest(api.request, { name, topicId, int8 }),
    [Symbol.asyncDispose]: () => kafka.close(),
  }
}

function open(api: Api, request: Record<string, unknown>, version: number) {
  const writer = new Writer()
  api.request.write(writer, request, { version, flexible: version >= api.flexibleSince })
  return api.open(new Reader(Buffer.concat(writer.buffers())), version)
}

const noCluster = { topicById: () => ({ name }), topics: [] } as never

/** Every value of the answer whose field is called an error code. */
function errorsIn(answer: unknown): unknown[] {
  if (Array.isArray(answer)) return answer.flatMap(errorsIn)
  if (answer === null || typeof answer !== 'object' || Buffer.isBuffer(answer)) return []
  return Object.entries(answer).flatMap(([field, value]) => (/errorcode$/i.test(field) ? value : errorsIn(value)))
}

function elementsIn(answer: unknown): number {
  if (answer === null || typeof answer !== 'object' || Buffer.isBuffer(answer)) return 0
  const elements = Array.isArray(answer) ? answer.length : 0
  return Object.values(answer).reduce<number>((sum, value) => sum + elementsIn(value), elements)
}

const all = [...apis.values()].map((api) => [api.name as ApiName, api] as const)

describe.each(all)('%s', (apiName, api) => {
  it('is chosen by what its requests name, and by nothing else', async () => {
    await using ready = await stage(api)
    const subjects = kinds.flatMap((int8) => open(api, ready.sample(int8), ready.version).subjects(noCluster))
    const names = subjects.flatMap((subject) => Object.keys(subject))
    const expected: readonly string[] = selectors[apiName]
    // How far a reader is goes into traces; no fault is chosen by it.
    expect([...new Set(names)].filter((each) => each !== 'fetchOffset').toSorted()).toEqual(expected.toSorted())
  })

  it('fails as it is told to', async () => {
    await using ready = await stage(api)
    const fault = ready.kafka.faults.on(apiName).failWith('POLICY_VIOLATION')
    const answer = await ready.client.ask(apiName, ready.version, ready.sample())
    expect(errorsIn(answer)).toContain(policyViolation)
    await fault.happened()
  })

  it('fails for the topic that is named only', async () => {
    if (!answersInParts(apiName)) return
    await using ready = await stage(api)
    const { faults } = ready.kafka
    faults.on(apiName, { topic: 'another' }).failWith('KAFKA_STORAGE_ERROR')
    faults.on(apiName, { topic: name }).failWith('POLICY_VIOLATION')
    const errors = errorsIn(await ready.client.ask(apiName, ready.version, ready.sample(topicResource)))
    expect(errors).toContain(policyViolation)
    expect(errors).not.toContain(errorCodes.KAFKA_STORAGE_ERROR)
  })

  it('is refused to who may not do it, by each of the rights that it needs', async () => {
    for (const [resource, error] of Object.entries(refusals)) {
      const operation = needs[apiName][resource as keyof Needs]
      if (operation === undefined || !isAskedAlone(apiName, resource)) continue
      let isBarred = false
      const barred = resource === 'transactionalId' ? 'transactional-id' : resource
      const authorize: Authorize = (access) =>
        !(isBarred && access.resource === barred && access.operation === operation)
      await using ready = await stage(api, { authorize })
      isBarred = true
      // A producer without transactions needs another right than one with them.
      const sample = ready.sample(resource === 'transactionalId' ? 1 : topicResource)
      const request = resource === 'cluster' ? { ...sample, transactionalId: null } : sample
      const kind = apiName === 'FindCoordinator' && resource === 'group' ? { keyType: 0 } : {}
      const answer = await ready.client.ask(apiName, ready.version, { ...request, ...kind })
      expect(errorsIn(answer), resource).toContain(errorCodes[error])
    }
  })

  it('answers without a part, or refuses to be asked for that', async () => {
    await using ready = await stage(api)
    const { faults } = ready.kafka
    const failsInPartsOnly = open(api, ready.sample(), ready.version).refuse('POLICY_VIOLATION') === null
    if (failsInPartsOnly) expect(answersInParts(apiName)).toBe(true)
    const leaveOut = () => (faults.on(apiName) as { leaveOut: () => unknown }).leaveOut()
    if (!answersInParts(apiName)) return expect(leaveOut).toThrow('its answers have no parts that could be left out')
    leaveOut()
    const partial = await ready.client.ask(apiName, ready.version, ready.sample(topicResource))
    const whole = await ready.client.ask(apiName, ready.version, ready.sample(topicResource))
    expect(elementsIn(partial)).toBeLessThan(elementsIn(whole))
  })
})
