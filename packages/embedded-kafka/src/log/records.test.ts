import { expect, it } from 'vitest'
import { recordsOf } from './records.ts'

/** As the console producer of Apache Kafka 4.3.1 wrote them: 20 records, no keys. */
const batchesOfJavaClient = {
  gzip: `
    AAAAAAAAAAAAAADjAAAAAALk7BU6AAEAAAATAAABofmDsmMAAAGh+YOybv//////////////////AAAAFB+LCAAAAAAAAP990L0KwlAMhuFURESKiByKiJQg
    4uRQ6z+Ic+ldHKiKSwu9/8GAJtuX7R2e6a2IKLl3ffPsueDuxWWx4/iOn5Zj2/yKKgoDRXsHDRWVDhopOjhorOjooImik4NSRWcHTRVdHDRTdHXQXNENoZpC
    SB7/mXC5qMwUfC5qYQpOF7U0Ba+LWpmC20XlpuB3UWwKjq8pW5uC50VtTMH1oram4Psvje5dbe4CAAA=`,
  snappy: `
    AAAAAAAAAAAAAAEgAAAAAAJ2qlvzAAIAAAATAAABofmDwu4AAAGh+YPEy///////////////////AAAAFIJTTkFQUFkAAAAAAQAAAAEAAADbgQZ0SAAAAAE8
    b3JkZXIgMCBvZiAyMCwgYWdhaW4gYW5kCQoUAEoAuAcCESYAMWYmAAi6BwQRJgAybiYAAAYRJgAzbiYAAAgRJgA0biYAAAoRJgA1biYAAAwRJgA2biYAAA4R
    JgA3biYAABARJgA4biYAABIRJgA5XiYAGEwAugcUAT4pfAAxYn0BAScAFhUnYn4BAScAGBUnYn8BAScAGhUnYoABAScAHBUnYoEBAScAHhUnYoIBAScAIBUn
    YoMBAScAIhUnYoQBAScAJBUnYoUBAScAJhUnYoYB`,
  lz4: `
    AAAAAAAAAAAAAAE0AAAAAAJqvULdAAMAAAATAAABofmD1BkAAAGh+YPUjf//////////////////AAAAFAQiTRhgQIL0AAAA8g9IAAAAATxvcmRlciAwIG9m
    IDIwLCBhZ2FpbiBhbmQKAGQASgDkAQImAB8xJgAHNOYBBCYAHzImAAkUBiYAHzMmAAkUCCYAHzQmAAkUCiYAHzUmAAkUDCYAHzYmAAkUDiYAHzcmAAkUECYA
    HzgmAAc06AESJgAfOSYABXJMAOgBFAE+fAEfMX0BBgAnABUWJwAPfgEGACcAFRgnAA9/AQYAJwAVGicAD4ABBgAnABUcJwAPgQEGACcAFR4nAA+CAQYAJwAV
    ICcAD4MBBgAnABUiJwAPhAEGACcAFSQnAA+FAQYAJwAVJicAD4YBAVBnYWluAAAAAAA=`,
  zstd: `
    AAAAAAAAAAAAAADYAAAAAAL/ycVCAAQAAAATAAABofmD3bYAAAGh+YPed///////////////////AAAAFCi1L/0AWNwEALQFSAAAAAE8b3JkZXIgMCBvZiAy
    MCwgYWdhaW4gYW5kAEoAugECMbwBBDLiAQYzCDQKNQw2DjcQOBI5TADiARQBPjFMAOIBFjEYMhozHDQeNSA2gAMiNyQ4ggMmOScg0EuxGkBoY09jmCjGnsaY
    KI6xQtgVDJPiijEliwe4xGDgvIwJcYwRkh3BmBDHGELYJcbed9jetF+xGHECAQAA`,
}

it.each(Object.entries(batchesOfJavaClient))('reads what the Java client packed with %s', (_codec, base64) => {
  const records = recordsOf(Buffer.from(base64, 'base64'))
  expect(records.map(({ offset, value }) => [offset, value?.toString()])).toEqual(
    Array.from({ length: 20 }, (_, index) => [BigInt(index), `order ${index} of 20, again and again`]),
  )
})
