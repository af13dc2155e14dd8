import { type Check, type Evidence, type LogRecord, placeOf, seqOf, some, streamOf } from './evidence.ts'

/** What publishers promise: an acknowledged event is on the log once, where it was said to be; the others are what they are said to be; in order. */
export function publishingChecks({ log, sent, publications }: Evidence): Check[] {
  const onLog = Map.groupBy(log, ({ id }) => id)
  const count = (id: string): number => onLog.get(id)?.length ?? 0
  const acknowledged = publications.flatMap((each) => (each.outcome === 'acknowledged' ? [each] : []))
  const ids = (outcome: string): string[] => publications.flatMap((each) => (each.outcome === outcome ? [each.id] : []))

  const missing = acknowledged.filter(({ id }) => count(id) !== 1)
  const elsewhere = acknowledged.filter((each) => count(each.id) === 1 && !isAt(onLog.get(each.id)?.[0], each))
  const written = ids('not-written').filter((id) => count(id) > 0)
  const repeated = ids('unknown').filter((id) => count(id) > 1)
  const known = new Set(publications.map(({ id }) => id))
  const strays = [...onLog.keys()].filter((id) => !known.has(id))
  const isAcknowledged = new Set(acknowledged.map(({ id }) => id))
  // One that was given up as unknown may arrive late, after others: of those that fail, the others keep their order.
  const backwards = outOfOrder(log.filter(({ id }) => isAcknowledged.has(id)))
  return [
    {
      name: 'every acknowledged event is on the log exactly once, where it was said to be',
      holds: missing.length === 0 && elsewhere.length === 0,
      detail: `${acknowledged.length - missing.length - elsewhere.length} of ${acknowledged.length}${some([...missing, ...elsewhere].map(({ id }) => `${id} is there ${count(id)} times`))}`,
    },
    {
      name: 'no event rejected as not written is on the log, and no unknown one twice',
      holds: written.length === 0 && repeated.length === 0,
      detail: `${ids('not-written').length} not written, ${ids('unknown').length} unknown, of which ${ids('unknown').filter((id) => count(id) === 1).length} are there${some([...written, ...repeated])}`,
    },
    {
      name: 'every event sent has an outcome, and the log holds no other',
      holds: publications.length === sent && strays.length === 0,
      detail: `${publications.length} of ${sent}${some(strays)}`,
    },
    {
      name: 'the log holds what was acknowledged of each stream in the order of its publishes',
      holds: backwards.length === 0,
      detail: `${new Set(log.map(({ id }) => streamOf(id))).size} streams${some(backwards)}`,
    },
  ]
}

function isAt(record: LogRecord | undefined, place: { partition: number; offset: number }): boolean {
  return record !== undefined && placeOf(record) === placeOf(place)
}

function outOfOrder(log: readonly LogRecord[]): string[] {
  const faults: string[] = []
  for (const [stream, records] of Map.groupBy(log, ({ id }) => streamOf(id))) {
    const inOrder = records.toSorted((a, b) => a.offset - b.offset)
    for (const [index, record] of inOrder.entries()) {
      const before = inOrder[index - 1]
      if (before === undefined) continue
      if (before.partition !== record.partition)
        faults.push(`${stream} is in partitions ${before.partition} and ${record.partition}`)
      else if (seqOf(before.id) >= seqOf(record.id)) faults.push(`${before.id} is before ${record.id}`)
    }
  }
  return faults
}
