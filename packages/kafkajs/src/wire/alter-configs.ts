/** The request that changes single settings, which kafkajs has no encoder for: the older one that it has replaces all settings of a topic. */
import type { Api } from './api.ts'
import { TOPIC_RESOURCE } from './apis.ts'
import { ByteReader, ByteWriter } from './bytes.ts'

const SET = 0

export interface AlterConfigsArgs {
  readonly topic: string
  readonly configs: Readonly<Record<string, string>>
}

export interface AlterConfigsAnswer {
  readonly errorCode: number
  readonly errorMessage: string
}

export const incrementalAlterConfigs: Api<AlterConfigsArgs, AlterConfigsAnswer> = {
  name: 'IncrementalAlterConfigs',
  key: 44,
  minVersion: 0,
  maxVersion: 0,
  exchange: (_version, args) => ({ encode: () => [encodeRequest(args)], decode: decodeAnswer }),
}

function encodeRequest({ topic, configs }: AlterConfigsArgs): Buffer {
  const writer = new ByteWriter()
  writer.int32(1)
  writer.int8(TOPIC_RESOURCE)
  writer.string(topic)
  const changes = Object.entries(configs)
  writer.int32(changes.length)
  for (const [name, value] of changes) {
    writer.string(name)
    writer.int8(SET)
    writer.string(value)
  }
  writer.int8(0) // not only to validate
  return writer.finish()
}

function decodeAnswer(payload: Buffer): AlterConfigsAnswer {
  const reader = new ByteReader(payload)
  reader.int32() // throttle time
  reader.int32() // as many as were asked: one
  return { errorCode: reader.int16(), errorMessage: reader.string() }
}
