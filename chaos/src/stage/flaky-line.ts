import { connect, createServer, type Server, type Socket } from 'node:net'

/** One client's connection through the line. */
interface Pair {
  readonly client: Socket
  readonly broker: Socket
}

/**
 * - `good`: what comes in goes out at once.
 * - `slow`: everything takes `delayMs` longer, in either direction.
 * - `silent`: connections stay open, also new ones, and nothing comes through until it is good again; then all of it does.
 * - `mute`: requests come through and answers are thrown away.
 */
export type LineState =
  | { readonly kind: 'good' | 'silent' | 'mute' }
  | { readonly kind: 'slow'; readonly delayMs: number }

/** A TCP proxy in front of one broker. Brokers talk to each other beside it. */
export class FlakyLine {
  readonly #targetPort: number
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #state: LineState = { kind: 'good' }

  private constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer((client) => this.#accept(client))
  }

  static async open(port: number, targetPort: number): Promise<FlakyLine> {
    const line = new FlakyLine(targetPort)
    await new Promise<void>((resolve, reject) => line.#server.once('error', reject).listen(port, '127.0.0.1', resolve))
    return line
  }

  /** From a mute state every connection is cut: answers would no longer fit their requests. */
  become(state: LineState): void {
    if (this.#state.kind === 'mute') this.cut(() => true)
    this.#state = state
    for (const { client, broker } of this.#pairs) for (const socket of [client, broker]) this.#holdOrLetGo(socket)
  }

  /** Breaks those connections that `isChosen` says, and tells how many. */
  cut(isChosen: () => boolean): number {
    const chosen = [...this.#pairs].filter(() => isChosen())
    for (const { client, broker } of chosen) {
      client.resetAndDestroy()
      broker.destroy()
    }
    return chosen.length
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.cut(() => true)
    await closed
  }

  #accept(client: Socket): void {
    const broker = connect(this.#targetPort, '127.0.0.1')
    const pair = { client, broker }
    this.#pairs.add(pair)
    this.#relay(client, broker, 'requests')
    this.#relay(broker, client, 'answers')
    for (const socket of [client, broker]) {
      socket.setNoDelay(true)
      socket.on('error', () => {}) // the close that follows says all there is to say
      socket.once('close', () => {
        this.#pairs.delete(pair)
        client.destroy()
        broker.destroy()
      })
      this.#holdOrLetGo(socket)
    }
  }

  #relay(from: Socket, to: Socket, what: 'requests' | 'answers'): void {
    let lastAt = 0
    from.on('data', (bytes) => {
      if (this.#state.kind === 'mute' && what === 'answers') return
      const now = performance.now()
      const delayMs = this.#state.kind === 'slow' ? this.#state.delayMs : 0
      // Nothing overtakes what came before it, also when the line has become faster since.
      lastAt = Math.max(lastAt, now + delayMs)
      const send = (): void => void (to.destroyed || to.write(bytes))
      if (lastAt <= now) send()
      else setTimeout(send, lastAt - now)
    })
    from.on('end', () => to.end())
  }

  #holdOrLetGo(socket: Socket): void {
    if (this.#state.kind === 'silent') socket.pause()
    else socket.resume()
  }
}
