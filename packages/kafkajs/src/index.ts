export { kafkajs } from './driver.ts'
export type { KafkajsOptions, SaslOptions } from './settings.ts'
export type { CompressionName } from './wire/codecs/codecs.ts'
