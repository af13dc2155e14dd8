import type { Driver, DriverAdmin, DriverProducer } from '@tributary/event-bus'
import type { Output } from './terminal/output.ts'

const CLIENT_ID = 'tributary-cli'

/** A command's way to the cluster; connections are made when they are first used. */
export class Session implements AsyncDisposable {
  readonly output: Output
  readonly driver: Driver
  #admin: DriverAdmin | null = null
  #producer: DriverProducer | null = null

  constructor(driver: Driver, output: Output) {
    this.driver = driver
    this.output = output
  }

  get admin(): DriverAdmin {
    this.#admin ??= this.driver.createAdmin({ clientId: CLIENT_ID })
    return this.#admin
  }

  get producer(): DriverProducer {
    this.#producer ??= this.driver.createProducer({ clientId: CLIENT_ID })
    return this.#producer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.driver.close()
  }
}
