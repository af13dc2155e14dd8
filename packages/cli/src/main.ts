#!/usr/bin/env node
import { once } from 'node:events'
import process from 'node:process'
import { kafkajs } from '@tributary/kafkajs'
import { run } from './run.ts'

process.exitCode = await run(process.argv.slice(2), {
  variables: process.env,
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  // Somebody is waiting: an unreachable cluster is reported after two of these, 10 s, rather than the driver's 20.
  connect: (brokers) => kafkajs({ brokers, requestTimeoutMs: 5_000 }),
  interrupted: async () => {
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  },
  workingDirectory: process.cwd(),
})
