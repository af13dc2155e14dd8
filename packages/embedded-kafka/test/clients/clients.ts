/** Every client that is compared. A new one is a file in this folder and a line in this list. */
import type { Client } from './driver.ts'
import { javaTools } from './java-tools.ts'
import { kafkaJs } from './kafkajs.ts'
import { platformatic } from './platformatic.ts'

export const clients: readonly Client[] = [javaTools, kafkaJs, platformatic]
