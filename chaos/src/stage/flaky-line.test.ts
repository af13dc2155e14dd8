import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { freePorts } from '@tributary/infra'
import { expect, it, onTestFinished, vi } from 'vitest'
import { FlakyLine } from './flaky-line.ts'

/** An echo behind a line, and a client in front of it. */
async function stage(): Promise<{ line: FlakyLine; port: number; echoPort: number; received: string[] }> {
  const received: string[] = []
  const echo = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      received.push(String(bytes))
      socket.write(bytes)
    })
  })
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const [port = 0] = await freePorts(1)
  const { port: echoPort } = echo.address() as AddressInfo
  const line = await FlakyLine.open(port, echoPort)
  onTestFinished(async () => {
    await line.close()
    echo.close()
  })
  return { line, port, echoPort, received }
}

async function client(port: number): Promise<{ socket: Socket; heard: () => string }> {
  const socket = connect(port, '127.0.0.1')
  let heard = ''
  socket.on('data', (bytes) => {
    heard += String(bytes)
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return { socket, heard: () => heard }
}

it('relays what is said, in both directions', async () => {
  const { port } = await stage()
  const { socket, heard } = await client(port)
  socket.write('hello')
  await vi.waitFor(() => expect(heard()).toBe('hello'))
})

it('holds everything while it is silent, also of new connections, and lets it go afterwards', async () => {
  const { line, port, echoPort, received } = await stage()
  const old = await client(port)
  line.become({ kind: 'silent' })
  const fresh = await client(port)
  old.socket.write('a')
  fresh.socket.write('b')
  // Beside the line there is time for a round trip: whatever came through it would be there by then.
  const beside = await client(echoPort)
  beside.socket.write('c')
  await vi.waitFor(() => expect(beside.heard()).toBe('c'))
  beside.socket.destroy()
  expect(received).toEqual(['c'])
  line.become({ kind: 'good' })
  await vi.waitFor(() => expect([old.heard(), fresh.heard()]).toEqual(['a', 'b']))
  expect(received.toSorted()).toEqual(['a', 'b', 'c'])
})

it('brings requests and no answers while it is mute, and breaks such connections afterwards', async () => {
  const { line, port, received } = await stage()
  const { socket, heard } = await client(port)
  line.become({ kind: 'mute' })
  socket.write('written')
  await vi.waitFor(() => expect(received).toEqual(['written']))
  line.become({ kind: 'good' })
  await vi.waitFor(() => expect(socket.closed).toBe(true))
  expect(heard()).toBe('')
})

it('keeps the order of what was slow and what is not', async () => {
  const { line, port } = await stage()
  const { socket, heard } = await client(port)
  line.become({ kind: 'slow', delayMs: 50 })
  socket.write('first ')
  await new Promise((resolve) => setImmediate(resolve))
  line.become({ kind: 'good' })
  socket.write('second')
  await vi.waitFor(() => expect(heard()).toBe('first second'))
})

it('breaks the connections that are chosen, and no others', async () => {
  const { line, port } = await stage()
  const clients = [await client(port), await client(port)]
  for (const { socket } of clients) socket.write('x')
  await vi.waitFor(() => expect(clients.map(({ heard }) => heard())).toEqual(['x', 'x']))
  let index = 0
  expect(line.cut(() => index++ === 0)).toBe(1)
  await vi.waitFor(() => expect(clients.filter(({ socket }) => socket.closed)).toHaveLength(1))
})
