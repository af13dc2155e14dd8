/**
 * Options of a test that compares this broker with Apache Kafka, by hand or through somebody else's client. A real cluster tells its parts of a change one
 * after the other, and clients have races of their own: once in a hundred runs an answer differs for such a reason. What differs because of this broker does
 * so again. So a comparison that fails is made once more, and `.ci/run` names those for which that was needed.
 */
export const comparison = { retry: 1 } as const
