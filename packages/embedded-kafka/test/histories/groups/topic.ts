/** One topic of a cluster for the groups of all histories. They have nothing else in common, and a real cluster takes its time to make topics. */
import { Beats } from '../../differential/beats.ts'
import { Session } from '../../differential/session.ts'

/** One, two, three and four members get equal shares: who of several gets a spare one is not Kafka's choice here. */
export const partitions = 12

const made = new Map<string, Promise<string>>()

export function topicIn(address: string): Promise<string> {
  const topic = made.get(address) ?? makeTopic(address)
  made.set(address, topic)
  return topic
}

/** Both clusters call it the same, and it may be there from an earlier run. */
async function makeTopic(address: string): Promise<string> {
  using session = new Session(address, 'of-all')
  const beats = await Beats.of(session, await session.connect(), 'histories')
  return await beats.createTopic('histories', partitions)
}
