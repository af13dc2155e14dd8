import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AnyEventDefinition, SubscriptionDefinition } from '@tributary/event-bus'
import { UsageError } from '../environment.ts'

/** What a module has to say about topics. */
export interface Definitions {
  readonly events: readonly AnyEventDefinition[]
  readonly subscriptions: readonly SubscriptionDefinition[]
}

/**
 * Imports a module and collects the events and subscriptions that it exports: by themselves, or in arrays and plain objects. No handler
 * is run, but importing runs what stands in the module itself. A TypeScript file works where Node strips types (24, or 22.18 and later).
 */
export async function loadDefinitions(paths: readonly string[], workingDirectory: string): Promise<Definitions> {
  const events = new Set<AnyEventDefinition>()
  const subscriptions = new Set<SubscriptionDefinition>()
  for (const path of paths) {
    const before = events.size + subscriptions.size
    for (const exported of Object.values(await importModule(resolve(workingDirectory, path))))
      collect(exported, events, subscriptions)
    if (events.size + subscriptions.size === before) {
      throw new UsageError(
        `${path} exports no event and no subscription: export what defineEvent and defineSubscription return`,
      )
    }
  }
  return { events: [...events], subscriptions: [...subscriptions] }
}

async function importModule(file: string): Promise<object> {
  try {
    const module: unknown = await import(pathToFileURL(file).href)
    return typeof module === 'object' && module !== null ? module : {}
  } catch (error) {
    throw new UsageError(`${file} cannot be imported: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

// By their shape, as errors are known by their code: the module may have its own copy of the library.
function collect(value: unknown, events: Set<AnyEventDefinition>, subscriptions: Set<SubscriptionDefinition>): void {
  if (isEvent(value)) events.add(value)
  else if (isSubscription(value)) subscriptions.add(value)
  else if (Array.isArray(value)) for (const item of value) collect(item, events, subscriptions)
  else if (isPlainObject(value))
    for (const item of Object.values(value))
      if (isEvent(item) || isSubscription(item)) collect(item, events, subscriptions)
}

function isEvent(value: unknown): value is AnyEventDefinition {
  return (
    isPlainObject(value) &&
    typeof value['type'] === 'string' &&
    typeof value['topic'] === 'string' &&
    typeof value['fingerprint'] === 'bigint'
  )
}

function isSubscription(value: unknown): value is SubscriptionDefinition {
  return (
    isPlainObject(value) &&
    typeof value['group'] === 'string' &&
    Array.isArray(value['on']) &&
    Array.isArray(value['topics'])
  )
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
