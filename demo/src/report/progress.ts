import type { WriteStream } from 'node:tty'

/** Tells how far the demo is: a bar on a terminal, plain lines otherwise. */
export interface Progress {
  /** What is happening now, and how much of it is done. */
  at(done: number, total: number, what: string): void
  /** Something worth a line of its own. */
  say(line: string): void
  /** Ends the bar. */
  end(): void
}

const barWidth = 32
/** Without a terminal a line is written each tenth of the way. */
const plainSteps = 10

export function createProgress(out: WriteStream): Progress {
  return out.isTTY ? barOn(out) : linesOn(out)
}

function barOn(out: WriteStream): Progress {
  let bar = ''
  const clear = (): void => {
    if (bar !== '') out.write('\r\x1b[2K')
  }
  return {
    at(done, total, what) {
      const filled = total === 0 ? 0 : Math.round((done / total) * barWidth)
      bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${done}/${total} ${what}`
      out.write(`\r\x1b[2K${bar}`)
    },
    say(line) {
      clear()
      out.write(`${line}\n${bar}`)
    },
    end() {
      clear()
      bar = ''
    },
  }
}

function linesOn(out: NodeJS.WritableStream): Progress {
  let lastStep = -1
  let lastWhat = ''
  return {
    at(done, total, what) {
      const step = total === 0 ? plainSteps : Math.floor((done / total) * plainSteps)
      if (what === lastWhat && step === lastStep) return
      lastWhat = what
      lastStep = step
      out.write(`${what}: ${done}/${total}\n`)
    },
    say: (line) => void out.write(`${line}\n`),
    end: () => {},
  }
}
