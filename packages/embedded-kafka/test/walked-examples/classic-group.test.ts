import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../../src/index.ts'
import { connectRaw, type RawClient } from '../support/raw-client.ts'
import { settle } from '../support/settle.ts'
import { documentedTable } from './documented-table.ts'
import { errorName } from './error-name.ts'

const topic = 'orders'

it('is as docs/embedded-kafka.md walks it', async () => {
  await using kafka = await startEmbeddedKafka({ warn: () => {} })
  kafka.createTopic(topic, { partitions: 4 })
  const rows: string[][] = []
  const note = (answer: string): void => {
    const { state = '', generationId } = kafka.group('g') ?? {}
    rows.push([answer, state, `${generationId}`])
  }
  using a = await connectRaw(kafka.bootstrapServers[0], 'A')
  using b = await connectRaw(kafka.bootstrapServers[0], 'B')
  const ids = new Map<RawClient, string>([a, b].map((client) => [client, '']))
  const nameOf = (memberId: string): string => [...ids].find(([, id]) => id === memberId)?.[0].clientId ?? '?'
  const speaker = (client: RawClient, generationId: number) => ({
    groupId: 'g',
    memberId: ids.get(client),
    generationId,
    generationIdOrMemberEpoch: generationId,
  })
  const join = async (client: RawClient): Promise<string> => {
    const answer = await client.ask<{
      errorCode: number
      generationId: number
      memberId: string
      members: { memberId: string }[]
    }>('JoinGroup', 5, {
      ...speaker(client, 0),
      sessionTimeoutMs: client === a ? 30_000 : 10_000,
      rebalanceTimeoutMs: 60_000,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
    })
    ids.set(client, answer.memberId)
    if (answer.errorCode !== 0) return errorName(answer.errorCode)
    const led = answer.members.map(({ memberId }) => nameOf(memberId)).toSorted()
    return `generation ${answer.generationId}${led.length > 0 ? `, leads ${led.join(' ')}` : ''}`
  }
  const sync = async (client: RawClient, generation: number, given: [RawClient, string][] = []): Promise<string> => {
    const assignments = given.map(([to, text]) => ({ memberId: ids.get(to), assignment: Buffer.from(text) }))
    const request = { ...speaker(client, generation), groupInstanceId: null, assignments }
    return String((await client.ask<{ assignment: Buffer }>('SyncGroup', 3, request)).assignment)
  }
  const heartbeat = async (client: RawClient, generation: number): Promise<string> => {
    const request = { ...speaker(client, generation), groupInstanceId: null }
    return errorName((await client.ask<{ errorCode: number }>('Heartbeat', 3, request)).errorCode)
  }
  const commit = async (client: RawClient, generation: number): Promise<string> => {
    const partitions = [{ partitionIndex: 2, committedOffset: 1n, committedMetadata: '' }]
    const request = { ...speaker(client, generation), topics: [{ name: topic, partitions }] }
    const { topics } = await client.ask<{ topics: [{ partitions: [{ errorCode: number }] }] }>(
      'OffsetCommit',
      6,
      request,
    )
    return errorName(topics[0].partitions[0].errorCode)
  }
  /** Resolves when the broker has the request and keeps it. */
  const waits = async (api: 'JoinGroup' | 'SyncGroup', ask: () => Promise<string>) => {
    using arrived = kafka.faults.on(api).run(() => {})
    let isAnswered = false
    const answer = ask().finally(() => {
      isAnswered = true
    })
    await arrived.happened()
    await settle()
    note(isAnswered ? 'is answered' : 'waits')
    return { answer }
  }

  note(await join(a))
  note(await join(a))
  note(await sync(a, 1, [[a, '0 1 2 3']]))
  note(await join(b))
  const joining = await waits('JoinGroup', () => join(b))
  note(await heartbeat(a, 1))
  note(await commit(a, 1))
  note(await join(a))
  expect(await joining.answer).toBe('generation 2')
  const syncing = await waits('SyncGroup', () => sync(b, 2))
  note(await commit(a, 1))
  note(await commit(a, 2))
  const given: [RawClient, string][] = [
    [a, '0 1'],
    [b, '2 3'],
  ]
  note(await sync(a, 2, given))
  expect(await syncing.answer).toBe('2 3')
  await kafka.advanceClock(11_000)
  note('nobody asked')
  note(await commit(b, 2))
  note(await join(a))

  const documented = documentedTable('request', 'answer', 'state', 'generation')
  expect(rows).toEqual(documented.map(([, ...cells]) => cells))
})
