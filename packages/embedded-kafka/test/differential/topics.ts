import { type Scenario, until } from './session.ts'

export const topics: Scenario = async (session) => {
  const client = await session.connect()
  const { suffix } = session
  const topic = (name: string, over: object = {}) => ({
    name: `${name}-${suffix}`,
    numPartitions: 1,
    replicationFactor: 1,
    ...over,
  })
  const create = (what: string, ...wanted: object[]) =>
    session.record(`create: ${what}`, client.ask('CreateTopics', 4, { topics: wanted, timeoutMs: 10_000 }))
  const config = (name: string, value: string | null) => ({ configs: [{ name, value }] })

  await create('a topic', topic('made'))
  await create('the same again', topic('made'))
  await create('twice in one request', topic('twice'), topic('twice'))
  await create('one good, one bad', topic('good'), topic('bad', { numPartitions: 0 }))
  await create('no partitions', topic('none', { numPartitions: 0 }))
  await create('minus two partitions', topic('minus', { numPartitions: -2 }))
  await create('no replicas', topic('bare', { replicationFactor: 0 }))
  await create('more replicas than brokers', topic('many', { replicationFactor: 5 }))
  await create('defaults', topic('defaults', { numPartitions: -1, replicationFactor: -1 }))
  await create('an empty name', { ...topic(''), name: '' })
  await create('a dot', { ...topic(''), name: '.' })
  await create('a space', topic('a b'))
  await create('250 characters', { ...topic(''), name: 'x'.repeat(250) })
  await create('an unknown setting', topic('setting', config('no.such.setting', '1')))
  await create('a setting of the wrong type', topic('type', config('max.message.bytes', 'many')))
  await create('a setting with an impossible value', topic('value', config('cleanup.policy', 'burn')))
  await create('a setting of the wrong time type', topic('time', config('message.timestamp.type', 'Never')))
  await create('a setting that is null', topic('null', config('retention.ms', null)))
  await create('a negative size', topic('negative', config('max.message.bytes', '-1')))
  await create('both policies', topic('policies', config('cleanup.policy', 'compact,delete')))
  await create('more than ten thousand', topic('most', { numPartitions: 9_999 }), topic('rest', { numPartitions: 2 }))
  await create('an assignment and counts', topic('both', { assignments: [{ partitionIndex: 0, brokerIds: [0] }] }))
  await session.record(
    'create: only validated',
    client.ask('CreateTopics', 4, { topics: [topic('validated')], timeoutMs: 10_000, validateOnly: true }),
  )

  await session.createTopic('known', 2)
  const metadata = (version: number, ...names: string[]) =>
    session.record(
      `metadata ${version}: ${names.length} names`,
      client.ask('Metadata', version, { topics: names.map((name) => ({ name })), allowAutoTopicCreation: false }),
    )
  for (const version of [1, 4, 5, 6, 7, 8]) await metadata(version, `known-${suffix}`, `validated-${suffix}`)
  await metadata(6, 'a b', '')
  await metadata(6, `known-${suffix}`, `known-${suffix}`)
  await metadata(6)

  const grow = (what: string, over: object) =>
    session.record(
      `grow: ${what}`,
      client.ask('CreatePartitions', 1, {
        topics: [{ name: `known-${suffix}`, count: 3, assignments: null, ...over }],
        timeoutMs: 10_000,
      }),
    )
  await grow('to the same', { count: 2 })
  await grow('to fewer', { count: 1 })
  await grow('to none', { count: 0 })
  await grow('to minus one', { count: -1 })
  await grow('an unknown topic', { name: `absent-${suffix}` })
  await grow('an assignment to nobody', { assignments: [{ brokerIds: [77] }] })
  await grow('too many assignments', { assignments: [{ brokerIds: [77] }, { brokerIds: [77] }] })
  await grow('by one', {})

  const remove = (what: string, ...topicNames: string[]) =>
    session.record(`delete: ${what}`, client.ask('DeleteTopics', 3, { topicNames, timeoutMs: 10_000 }))
  await remove('a topic', `made-${suffix}`)
  await remove('it again', `made-${suffix}`)
  await remove('an invalid name', 'a b')
}

export const configs: Scenario = async (session) => {
  const client = await session.connect()
  const name = await session.createTopic('configured', 1, { 'retention.ms': '1000' })
  const ask = (over: object, includeSynonyms = false) =>
    client.ask<DescribedConfigs>('DescribeConfigs', 3, {
      resources: [{ resourceType: 2, resourceName: name, configurationKeys: null, ...over }],
      includeSynonyms,
    })
  const describe = (what: string, ...asked: Parameters<typeof ask>) =>
    session.record(`describe: ${what}`, ask(...asked))
  /** The controller of a real cluster has made a change a moment before the brokers show it. */
  const shows = (setting: string, value: string) =>
    until(async () => {
      const { results } = await ask({ configurationKeys: [setting] })
      return results[0]?.configs[0]?.value === value
    })
  await describe('two settings', { configurationKeys: ['retention.ms', 'max.message.bytes'] })
  const inherited = ['retention.ms', 'max.message.bytes', 'cleanup.policy', 'flush.ms', 'segment.bytes']
  await describe('with synonyms', { configurationKeys: inherited }, true)
  await describe('an unknown setting', { configurationKeys: ['no.such.setting'] })
  await describe('an unknown topic', { resourceName: `absent-${session.suffix}` })
  await describe('an unknown kind', { resourceType: 99 })
  await describe('an unknown broker', { resourceType: 4, resourceName: '77' })
  await describe('a broker that is no number', { resourceType: 4, resourceName: 'x' })

  const alter = (what: string, settings: object[], resourceName = name) =>
    session.record(
      `alter: ${what}`,
      client.ask('AlterConfigs', 1, { resources: [{ resourceType: 2, resourceName, configs: settings }] }),
    )
  await alter('one setting, which resets the others', [{ name: 'max.message.bytes', value: '5000' }])
  await shows('max.message.bytes', '5000')
  await describe('after that', { configurationKeys: ['retention.ms', 'max.message.bytes'] })
  await alter('an unknown setting', [{ name: 'no.such.setting', value: '1' }])
  await alter('a wrong value', [{ name: 'retention.ms', value: 'long' }])
  await alter('a null value', [{ name: 'retention.ms', value: null }])
  await alter('an unknown topic', [], `absent-${session.suffix}`)

  const change = (what: string, configOperation: number, setting: string, value: string | null) =>
    session.record(
      `change: ${what}`,
      client.ask('IncrementalAlterConfigs', 0, {
        resources: [{ resourceType: 2, resourceName: name, configs: [{ name: setting, configOperation, value }] }],
      }),
    )
  await change('set', 0, 'retention.ms', '7')
  await change('delete', 1, 'max.message.bytes', null)
  await change('append', 2, 'cleanup.policy', 'compact')
  await change('append to what is no list', 2, 'retention.ms', '7')
  await change('append nonsense', 2, 'cleanup.policy', 'burn')
  await change('subtract', 3, 'cleanup.policy', 'delete')
  await change('an unknown setting', 0, 'no.such.setting', '7')
  await change('an unknown operation', 9, 'retention.ms', '7')
  await change('null', 0, 'retention.ms', null)
  await shows('cleanup.policy', 'compact')
  await describe('after that', { configurationKeys: ['retention.ms', 'max.message.bytes', 'cleanup.policy'] })
}

interface DescribedConfigs {
  readonly results: readonly { readonly configs: readonly { readonly value: string | null }[] }[]
}
