import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InputError } from '../src/orders/input-error.ts'
import { loadScenario } from '../src/orders/scenario.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tributary-orders-'))
})
afterAll(() => rm(directory, { recursive: true }))

const load = (ordersFile: string | null, limit = 100, seed = 1) =>
  loadScenario({ ordersFile, stockFile: null, limit, seed })

describe('loadScenario', () => {
  it('generates the same orders for the same seed, and others for another', async () => {
    expect(await load(null)).toEqual(await load(null))
    expect((await load(null, 100, 2)).orders).not.toEqual((await load(null, 100, 1)).orders)
  })

  it('reads invoices from gzip with their dirt, and derives stock from what is asked', async () => {
    const file = join(directory, 'invoices.jsonl.gz')
    const line = (quantity: number) => ({ stockCode: 'A1', description: null, quantity, unitPrice: '2.55' })
    const rows = [
      { invoiceNo: '1', customerId: null, lines: [line(10)] },
      { invoiceNo: 'C2', customerId: '7', lines: [line(-3)] },
    ]
    await writeFile(file, gzipSync(rows.map((row) => JSON.stringify(row)).join('\n')))
    const { orders, stock } = await load(file)
    expect(orders.map(({ orderId, customerId }) => [orderId, customerId])).toEqual([
      ['1', null],
      ['C2', '7'],
    ])
    expect(orders[1]?.lines[0]?.quantity).toBe(-3)
    expect(stock).toEqual([{ sku: 'A1', quantity: 9 }])
  })

  it('takes the stock of products.jsonl beside the orders', async () => {
    const file = join(directory, 'orders.jsonl')
    await writeFile(
      file,
      `${JSON.stringify({ id: 7, customerId: 'ABCDE', lines: [{ productId: 3, quantity: 2, unitPrice: '1.00' }] })}\n`,
    )
    await writeFile(join(directory, 'products.jsonl'), `${JSON.stringify({ id: 3, unitsInStock: 5 })}\n`)
    expect(await load(file)).toMatchObject({
      orders: [{ orderId: '7', lines: [{ sku: '3', quantity: 2 }] }],
      stock: [{ sku: '3', quantity: 5 }],
    })
  })

  it('names the file and line of what is not an order', async () => {
    const file = join(directory, 'broken.jsonl')
    await writeFile(file, '{"id":1\n')
    await expect(load(file)).rejects.toThrow(/broken\.jsonl:1: not JSON/)
  })

  it.each([
    ['a file that is not there', 'missing.jsonl', null, /missing\.jsonl cannot be read: ENOENT/],
    ['a file without orders', 'empty.jsonl', '\n', /empty\.jsonl: no order in it/],
    ['JSON that is no order', 'other.jsonl', '{"id":1,"customerId":"A","lines":"none"}\n', /order 1 is neither/],
  ])('says what is wrong with %s', async (_, name, content, message) => {
    const file = join(directory, name)
    if (content !== null) await writeFile(file, content)
    const rejection = expect(load(file)).rejects
    await rejection.toThrow(message)
    await rejection.toBeInstanceOf(InputError)
  })
})
