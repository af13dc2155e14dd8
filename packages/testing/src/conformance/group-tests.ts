import { expect, it } from 'vitest'
import { type DriverBench, type DriverFeature, type Member, range } from './driver-bench.ts'

/** How several members share partitions and hand them over. */
export function groupTests(bench: () => DriverBench, features: ReadonlySet<DriverFeature>): void {
  const shared = (members: readonly Member[], topic: string, partitions: number): boolean => {
    const owned = members.map(({ listener }) => listener.owned().filter((id) => id.startsWith(`${topic}/`)).length)
    const least = Math.floor(partitions / members.length)
    return owned.reduce((sum, count) => sum + count, 0) === partitions && owned.every((count) => count >= least)
  }
  const untilShared = (members: readonly Member[], topic: string, partitions: number): Promise<unknown> =>
    Promise.all(
      members.map(({ listener }) =>
        listener.until(`its share of ${partitions}`, () => shared(members, topic, partitions), { timeoutMs: 20_000 }),
      ),
    )
  /** Commits the position of what is given up, as the engine does after it has drained. */
  const commitsBeforeRevoked = (member: () => Member): Member['listener']['beforeRevoked'] => {
    return async (partitions) => {
      const { consumer, listener } = member()
      const requests = partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        epoch: listener.epochOf({ topic, partition }),
        nextOffset: listener.chunks({ topic, partition }).at(-1)?.nextPosition ?? 0n,
        metadata: 'before revoked',
      }))
      const results = await consumer.commit(requests)
      expect(results.map(({ outcome }) => outcome)).toEqual(requests.map(() => 'committed'))
    }
  }

  it('shares partitions among members: what stays keeps its epoch and is not read again, what moves goes on where it was committed', async () => {
    const topic = await bench().topic(4)
    const group = bench().name('group')
    for (let partition = 0; partition < 4; partition++)
      await bench().append(topic, partition, ...range(5, `p${partition}-`))
    const first = bench().join(group, [topic], {
      prepare: (listener) => {
        listener.beforeRevoked = commitsBeforeRevoked(() => first)
      },
    })
    await first.listener.until('all records', () => first.listener.records().length === 20)
    const epochs = new Map([0, 1, 2, 3].map((partition) => [partition, first.listener.epochOf({ topic, partition })]))

    const second = bench().join(group, [topic])
    await untilShared([first, second], topic, 4)
    for (let partition = 0; partition < 4; partition++) await bench().append(topic, partition, `p${partition}-new`)
    const seen = (): number => first.listener.records().length + second.listener.records().length
    await Promise.all([first, second].map(({ listener }) => listener.until('all new records', () => seen() === 24)))

    const stayed = [0, 1, 2, 3].filter((partition) => first.listener.epochOf({ topic, partition }) > 0)
    expect(stayed).toHaveLength(2)
    for (const partition of stayed) expect(first.listener.epochOf({ topic, partition })).toBe(epochs.get(partition))
    const moved = await second.listener.first('assigned')
    for (const { committed } of moved.partitions)
      expect(committed).toEqual({ nextOffset: 5n, metadata: 'before revoked' })
    expect(second.listener.values().every((value) => value.endsWith('new'))).toBe(true)
  })

  it("gives a partition to another member only when its owner has let go, and takes the owner's commits until then", async () => {
    const topic = await bench().topic(2)
    const group = bench().name('group')
    await bench().append(topic, 0, 'a')
    await bench().append(topic, 1, 'b')
    const letGo = Promise.withResolvers<void>()
    const first = bench().join(group, [topic], {
      prepare: (listener) => {
        listener.beforeRevoked = async (partitions, signal) => {
          await letGo.promise
          await commitsBeforeRevoked(() => first)(partitions, signal)
        }
      },
    })
    await first.listener.until('both records', () => first.listener.records().length === 2)
    const second = bench().join(group, [topic])
    const { partitions } = await first.listener.first('revoking', { timeoutMs: 20_000 })
    expect(partitions).toHaveLength(1)
    await second.consumer.joined
    // The partition that stays is read on while the other one drains.
    const stays = partitions[0]?.partition === 0 ? 1 : 0
    await bench().append(topic, stays, 'meanwhile')
    await first.listener.until('meanwhile', () => first.listener.values().includes('meanwhile'))
    expect(second.listener.owned()).toEqual([])
    letGo.resolve()
    await untilShared([first, second], topic, 2)
    const assigned = await second.listener.first('assigned')
    expect(assigned.partitions[0]).toMatchObject({
      partition: partitions[0]?.partition,
      committed: { nextOffset: 1n, metadata: 'before revoked' },
    })
  })

  it('aborts the signal when draining takes too long, and hands over', async () => {
    const topic = await bench().topic(2)
    const group = bench().name('group')
    const aborted: boolean[] = []
    const first = bench().join(group, [topic], {
      drainMs: 500,
      prepare: (listener) => {
        listener.beforeRevoked = async (_, signal) => {
          if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
          aborted.push(signal.aborted)
        }
      },
    })
    await first.listener.until('both partitions', () => first.listener.owned().length === 2)
    const second = bench().join(group, [topic])
    await untilShared([first, second], topic, 2)
    expect(aborted).toEqual([true])
    expect(first.listener.events.some(({ kind }) => kind === 'lost')).toBe(false)
  })

  it('gives the partitions of a member that leaves to the others, with what it committed, and asks it nothing on its way out', async () => {
    const topic = await bench().topic(2)
    const group = bench().name('group')
    const first = bench().join(group, [topic])
    const second = bench().join(group, [topic])
    await untilShared([first, second], topic, 2)
    const left = second.listener.owned()[0] ?? ''
    const partition = { topic, partition: Number(left.split('/')[1]) }
    await bench().append(topic, partition.partition, 'a', 'b', 'c')
    await second.listener.until('three records', () => second.listener.records(partition).length === 3)
    const epoch = second.listener.epochOf(partition)
    await second.consumer.commit([{ ...partition, epoch, nextOffset: 2n, metadata: 'on leaving' }])
    const revocations = second.listener.events.filter(({ kind }) => kind === 'revoking').length
    await second.close()
    await first.listener.until('both partitions', () => first.listener.owned().length === 2, { timeoutMs: 20_000 })
    expect(second.listener.events.filter(({ kind }) => kind === 'revoking')).toHaveLength(revocations)
    await first.listener.until('what was not committed', () => first.listener.values(partition).length === 1)
    expect(first.listener.values(partition)).toEqual(['c'])
  })

  it('gives a member partitions of its own topics only', async () => {
    const [both, one] = [await bench().topic(2), await bench().topic(2)]
    const group = bench().name('group')
    const first = bench().join(group, [both, one])
    const second = bench().join(group, [one])
    // Whether balance counts by topic or in all is the assignor's business: all are owned, and the second member has its part.
    const shareOut = (): boolean =>
      second.listener.owned().length > 0 && first.listener.owned().length + second.listener.owned().length === 4
    await first.listener.until('the four partitions shared out', shareOut, { timeoutMs: 20_000 })
    expect(first.listener.owned().filter((id) => id.startsWith(`${both}/`))).toHaveLength(2)
    expect(second.listener.owned().filter((id) => id.startsWith(`${both}/`))).toEqual([])
  })

  it('reads a topic that is added while it is a member, whether it has joined yet or not, and leaves alone what it has', async () => {
    const [one, early, late] = [await bench().topic(2), await bench().topic(1), await bench().topic(2)]
    const { consumer, listener } = bench().join(bench().name('group'), [one])
    consumer.alsoRead([early])
    await listener.until('three partitions', () => listener.owned().length === 3, { timeoutMs: 20_000 })
    const epoch = listener.epochOf({ topic: one, partition: 0 })
    consumer.alsoRead([one, late])
    await listener.until('five partitions', () => listener.owned().length === 5, { timeoutMs: 20_000 })
    await bench().append(early, 0, 'in the early one')
    await bench().append(late, 1, 'in the late one')
    await listener.until('both records', () => listener.records().length === 2)
    expect(listener.epochOf({ topic: one, partition: 0 })).toBe(epoch)
    expect(listener.events.some(({ kind }) => kind === 'lost' || kind === 'revoking')).toBe(false)
  })

  it('lets members add topics of their own, and gives the others none of them', async () => {
    const [common, added] = [await bench().topic(2), await bench().topic(2)]
    const group = bench().name('group')
    const [first, second] = [bench().join(group, [common]), bench().join(group, [common])]
    await untilShared([first, second], common, 2)
    second.consumer.alsoRead([added])
    const isRead = (): boolean => second.listener.owned().filter((id) => id.startsWith(`${added}/`)).length === 2
    await second.listener.until('both partitions of its own topic', isRead, { timeoutMs: 20_000 })
    await bench().append(added, 0, 'for the second')
    await second.listener.until('its record', () => second.listener.values().includes('for the second'))
    expect(first.listener.owned().filter((id) => id.startsWith(`${added}/`))).toEqual([])
  })

  it('gives every group everything', async () => {
    const topic = await bench().topic(2)
    await bench().append(topic, 0, 'a')
    await bench().append(topic, 1, 'b')
    const members = [bench().join(bench().name('group'), [topic]), bench().join(bench().name('group'), [topic])]
    for (const { listener } of members) {
      await listener.until('both records', () => listener.records().length === 2)
      expect(listener.values().sort()).toEqual(['a', 'b'])
    }
  })

  it('forgets a pause when the partition is lost and regained', async () => {
    const topic = await bench().topic(2)
    const group = bench().name('group')
    const first = bench().join(group, [topic])
    await first.listener.until('both partitions', () => first.listener.owned().length === 2)
    first.consumer.pause([0, 1].map((partition) => ({ topic, partition })))
    const second = bench().join(group, [topic])
    await untilShared([first, second], topic, 2)
    const moved = Number(second.listener.owned()[0]?.split('/')[1])
    await second.close()
    await first.listener.until('both partitions again', () => first.listener.owned().length === 2, {
      timeoutMs: 20_000,
    })
    await bench().append(topic, 1 - moved, 'still paused')
    await bench().append(topic, moved, 'flows')
    await first.listener.until('a record of the regained one', () => first.listener.values().includes('flows'))
    expect(first.listener.values()).toEqual(['flows'])
  })

  it('never has two owners for a partition, and reaches everything, while members come and go', async () => {
    const topic = await bench().topic(6)
    const group = bench().name('group')
    const stable = bench().join(group, [topic], {
      prepare: (listener) => (listener.beforeRevoked = commitsBeforeRevoked(() => stable)),
    })
    await stable.listener.until('all six', () => stable.listener.owned().length === 6)
    let published = 0
    for (let round = 0; round < 3; round++) {
      const guest = bench().join(group, [topic], {
        prepare: (listener) => (listener.beforeRevoked = commitsBeforeRevoked(() => guest)),
      })
      for (let partition = 0; partition < 6; partition++)
        await bench().append(topic, partition, `r${round}p${partition}`)
      published += 6
      await untilShared([stable, guest], topic, 6)
      await guest.close()
      await stable.listener.until('all six again', () => stable.listener.owned().length === 6, { timeoutMs: 20_000 })
    }
    // The guests commit nothing when they leave, so the one that stays reads it all in the end.
    await stable.listener.until('every record', () => new Set(stable.listener.values()).size === published)
  })

  if (features.has('expire-member')) {
    it('loses everything when its session has expired, joins anew in new epochs, and is fenced for the old ones', async () => {
      const topic = await bench().topic(2)
      const group = bench().name('group')
      const { consumer, listener } = bench().join(group, [topic])
      await listener.until('both partitions', () => listener.owned().length === 2)
      const oldEpochs = [0, 1].map((partition) => listener.epochOf({ topic, partition }))
      listener.disown()
      await bench().harness.expireMember?.(group, consumer.status().memberId)
      const lost = await listener.first('lost', { timeoutMs: 20_000 })
      expect(lost.partitions).toHaveLength(2)
      await listener.until('both partitions again', () => listener.owned().length === 2, { timeoutMs: 20_000 })
      expect(listener.events.some(({ kind }) => kind === 'revoking')).toBe(false)
      for (const partition of [0, 1])
        expect(listener.epochOf({ topic, partition })).toBeGreaterThan(Math.max(...oldEpochs))
      const late = await consumer.commit([
        { topic, partition: 0, epoch: oldEpochs[0] ?? 0, nextOffset: 1n, metadata: '' },
      ])
      expect(late).toMatchObject([{ outcome: 'fenced' }])
      expect(await bench().admin.committed(group, topic)).toEqual([])
    })
  }

  if (features.has('notices-growth')) {
    it('lets go of an added topic that is deleted, and reads the others on', async () => {
      const [one, added] = [await bench().topic(1), await bench().topic(1)]
      const { consumer, listener } = bench().join(bench().name('group'), [one])
      consumer.alsoRead([added])
      await listener.until('both partitions', () => listener.owned().length === 2, { timeoutMs: 20_000 })
      await bench().admin.deleteTopics([added])
      await listener.until('one partition', () => listener.owned().length === 1, { timeoutMs: 30_000 })
      await bench().append(one, 0, 'still read')
      await listener.until('its record', () => listener.values().includes('still read'), { timeoutMs: 20_000 })
      // What stays is read on while the group is joined anew, so the record may be there first.
      await expect.poll(() => consumer.status().state, { timeout: 20_000 }).toBe('stable')
      expect(listener.owned()).toEqual([`${one}/0`])
    })

    it('is assigned partitions that are added while it runs, from their start', async () => {
      const topic = await bench().topic(1)
      const { listener } = bench().join(bench().name('group'), [topic])
      await listener.until('one partition', () => listener.owned().length === 1)
      await bench().admin.createPartitions(topic, 3)
      await listener.until('three partitions', () => listener.owned().length === 3, { timeoutMs: 20_000 })
      await bench().append(topic, 2, 'in the new one')
      await listener.until('its record', () => listener.values().includes('in the new one'))
      expect(listener.events.some(({ kind }) => kind === 'lost' || kind === 'revoking')).toBe(false)
    })
  }
}
