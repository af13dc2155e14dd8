/** A record's time, in milliseconds since 1970. A sum beyond 64 bits starts over at the other end, as in every reader that counts in them. */
export function timestampAfter(baseTimestamp: bigint, deltaMs: number): bigint {
  return BigInt.asIntN(64, baseTimestamp + BigInt(deltaMs))
}
