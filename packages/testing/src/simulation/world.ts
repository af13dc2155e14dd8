import { planTopics, type SubscriptionDefinition } from '@tributary/event-bus'
import { createVirtualClock, type VirtualClock } from '../clock/virtual-clock.ts'
import { ClusterState } from '../memory/in-memory-cluster.ts'
import { FaultSchedule } from './driver/fault-schedule.ts'
import { Oracle } from './oracle/oracle.ts'
import type { Scenario } from './scenario.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { Trace } from './trace.ts'

/** All that outlives a process: time, the cluster, what goes wrong in it, and who watches. */
export class World {
  readonly scenario: Scenario
  readonly clock: VirtualClock = createVirtualClock()
  readonly trace: Trace
  readonly cluster: ClusterState
  readonly faults = new FaultSchedule()
  readonly random: SeededRandom
  readonly oracle: Oracle

  constructor(scenario: Scenario, definition: SubscriptionDefinition, isStoryWanted: boolean) {
    this.scenario = scenario
    this.trace = new Trace(this.clock, isStoryWanted)
    this.random = seededRandom(scenario.seed)
    const { clock, trace } = this
    this.cluster = new ClusterState({ clock, topics: scenario.topics })
    const planned = planTopics({ subscriptions: [definition] })
    for (const { topic, purpose } of planned) {
      if (purpose !== 'source') this.cluster.createTopic(topic, scenario.ownPartitions)
    }
    const { maxSkewMs, isGentle = false, happenings } = scenario
    const areClocksTrue = maxSkewMs === 0 && happenings.every(({ kind }) => kind !== 'jump clock')
    this.oracle = new Oracle({ clock, trace, cluster: this.cluster, definition, planned, areClocksTrue, isGentle })
  }
}
