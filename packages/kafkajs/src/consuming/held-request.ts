import { pause } from '../wire/backoff.ts'

/**
 * Waits for a join or a sync, which the coordinator may hold for as long as the rebalance takes, and beats meanwhile. Without that, silence has two meanings:
 *
 *     we join, and keep running what we own · the coordinator answers · the answer is lost, or we are frozen · it waits one session for us, and gives what we
 *     own to others · we still wait, for a whole rebalance timeout, and run it as well
 *
 * With it, what is accepted says that the request is still held, for the coordinator takes heartbeats of the old generation only until it has answered the join.
 * A beat that fails says nothing: whoever counts the silence decides.
 */
export async function heldRequest<Answer>(
  request: Promise<Answer>,
  intervalMs: number,
  beat: () => Promise<unknown>,
): Promise<Answer> {
  const answered = new AbortController()
  const beating = async (): Promise<void> => {
    for (;;) {
      await pause(intervalMs, answered.signal)
      if (answered.signal.aborted) return
      await beat().catch(() => {})
    }
  }
  void beating()
  try {
    return await request
  } finally {
    answered.abort()
  }
}
