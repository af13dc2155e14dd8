/**
 * What a client may do with a resource, as a set of bits, for those that ask. There are no ACLs here: everything that
 * Kafka knows for that kind of resource.
 */
const operation = {
  read: 1 << 3,
  write: 1 << 4,
  create: 1 << 5,
  delete: 1 << 6,
  alter: 1 << 7,
  describe: 1 << 8,
  clusterAction: 1 << 9,
  describeConfigs: 1 << 10,
  alterConfigs: 1 << 11,
  idempotentWrite: 1 << 12,
} as const

const onConfigs = operation.describeConfigs | operation.alterConfigs

const allowed = {
  topic:
    operation.read |
    operation.write |
    operation.create |
    operation.delete |
    operation.alter |
    operation.describe |
    onConfigs,
  group: operation.read | operation.describe | operation.delete | onConfigs,
  cluster:
    operation.create |
    operation.alter |
    operation.describe |
    operation.clusterAction |
    operation.idempotentWrite |
    onConfigs,
} as const

/** Kafka's answer to a client that did not ask. */
export const notAsked = -2_147_483_648

export function authorizedOperations(kind: keyof typeof allowed, isAsked: boolean): number {
  return isAsked ? allowed[kind] : notAsked
}
