/** A group that all members have left, and that waits for somebody who was given an id: it has no members, and is not empty. */
import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { errorCodes } from '../src/protocol/error-codes.ts'
import { joining } from './differential/beats.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'

const groupId = 'g'
const wish = {
  groupId,
  memberId: '',
  groupInstanceId: null,
  sessionTimeoutMs: 60_000,
  rebalanceTimeoutMs: 60_000,
  protocolType: 'connect',
  protocols: [{ name: 'default', metadata: Buffer.from('old') }],
}

/** One joins and joins again, for which another is waited for that was given an id; then the one leaves. */
async function waitForSomebody(client: RawClient, member: RawClient): Promise<void> {
  const { memberId } = await client.ask<{ memberId: string }>('JoinGroup', 3, wish)
  await client.ask('JoinGroup', 4, wish)
  const protocols = [{ name: 'default', metadata: Buffer.from('new') }]
  const waits = member.ask('JoinGroup', 4, { ...wish, memberId, protocols })
  // It waits once the group says so.
  await expect.poll(() => stateOf(client), { timeout: 30_000 }).toBe('PreparingRebalance')
  await client.ask('LeaveGroup', 2, { groupId, memberId })
  expect(await waits).toMatchObject({ errorCode: errorCodes.UNKNOWN_MEMBER_ID, memberId: '' })
}

async function stateOf(client: RawClient): Promise<string | undefined> {
  const { groups } = await client.ask<{ groups: { groupState: string }[] }>('DescribeGroups', 5, { groups: [groupId] })
  return groups[0]?.groupState
}

it('is not deleted, nor are its offsets, and does not change its protocol', async () => {
  await using kafka = await startEmbeddedKafka()
  kafka.createTopic('t')
  using client = await connectRaw(kafka.bootstrapServers[0])
  using member = await connectRaw(kafka.bootstrapServers[0])
  await waitForSomebody(client, member)
  expect(await client.ask('DescribeGroups', 5, { groups: [groupId] })).toMatchObject({
    groups: [{ groupState: 'PreparingRebalance', members: [] }],
  })
  expect(await client.ask('DeleteGroups', 2, { groupsNames: [groupId] })).toMatchObject({
    results: [{ errorCode: errorCodes.NON_EMPTY_GROUP }],
  })
  const topics = [{ name: 't', partitions: [{ partitionIndex: 0 }] }]
  expect(await client.ask('OffsetDelete', 0, { groupId, topics })).toMatchObject({
    errorCode: errorCodes.NON_EMPTY_GROUP,
  })
  const beat = { groupId, memberId: 'newer', ...joining, subscribedTopicNames: ['t'] }
  expect(await client.ask('ConsumerGroupHeartbeat', 1, beat)).toMatchObject({
    errorCode: errorCodes.GROUP_ID_NOT_FOUND,
  })
})
