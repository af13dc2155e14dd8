/** franz-go, a Go client: the driver in `franz-go/` is built when it starts, which Go remembers. */
import path from 'node:path'
import type { Client } from './driver.ts'
import { ProcessCalls } from './process-calls.ts'
import { ProcessDriver } from './process-driver.ts'

export const franzGo: Client = {
  name: 'franz-go',
  start(bootstrap) {
    const go = process.env['TRIBUTARY_REAL_GO']
    if (!go) throw new Error('there is no Go: set TRIBUTARY_REAL_GO to its program')
    const calls = new ProcessCalls(go, ['run', '-C', path.join(import.meta.dirname, 'franz-go'), '.', bootstrap])
    return Promise.resolve(new ProcessDriver(calls, () => calls.end()))
  },
}
