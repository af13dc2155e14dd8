import type { Logger } from '@tributary/event-bus'
import type pg from 'pg'

/** @param payload of the notification; empty when notifications may have been missed, and anything may have happened */
export type OnWake = (payload: string) => void

/** Calls `onWake` after each `NOTIFY channel`; resolves with a function that stops it. `channel` is a plain identifier. */
export type Listen = (channel: string, onWake: OnWake) => Promise<() => void>

const RECONNECT_AFTER_MS = 1000

/**
 * LISTEN on a connection of its own, made when first asked for and made again when it breaks. A broken connection loses notifications: after a
 * reconnect every listener is woken once, and pollers cover the time between.
 */
export function listenOnServer(
  connect: () => pg.Client,
  logger: Logger,
): { listen: Listen; close: () => Promise<void> } {
  const listeners = new Map<string, Set<OnWake>>()
  let client: pg.Client | undefined
  let retry: NodeJS.Timeout | undefined
  let isClosed = false

  const open = async (): Promise<void> => {
    const fresh = connect()
    client = fresh
    fresh.on('error', (error) => lose(fresh, error))
    fresh.on('end', () => lose(fresh, new Error('the server closed the connection')))
    fresh.on('notification', ({ channel, payload = '' }) => {
      for (const onWake of listeners.get(channel) ?? []) onWake(payload)
    })
    try {
      await fresh.connect()
      for (const channel of listeners.keys()) await fresh.query(`listen ${channel}`)
      for (const onWake of [...listeners.values()].flatMap((set) => [...set])) onWake('')
    } catch (error) {
      lose(fresh, error)
    }
  }

  const lose = (broken: pg.Client, error: unknown): void => {
    if (isClosed || client !== broken) return
    client = undefined
    logger.debug({ err: error }, 'lost the connection that hears notifications; polling meanwhile')
    broken.end().catch(() => {}) // it is broken: there is nothing left to end cleanly
    retry = setTimeout(() => void open(), RECONNECT_AFTER_MS).unref()
  }

  return {
    async listen(channel, onWake) {
      const known = listeners.get(channel)
      const set = known ?? new Set()
      listeners.set(channel, set.add(onWake))
      const current = client
      if (current === undefined && retry === undefined) await open()
      else if (current !== undefined && known === undefined) {
        await current.query(`listen ${channel}`).catch((error: unknown) => lose(current, error))
      }
      return () => void set.delete(onWake)
    },
    async close() {
      isClosed = true
      clearTimeout(retry)
      await client?.end().catch(() => {}) // closing: a connection that broke first is as good as closed
    },
  }
}
