import type { DriverConsumer, GroupListener, GroupOptions } from '@tributary/event-bus'
import type { Settings } from '../settings.ts'

export function joinGroup(_settings: Settings, options: GroupOptions, _listener: GroupListener): DriverConsumer {
  throw new Error(`group ${options.group}: consuming is not there yet`)
}
