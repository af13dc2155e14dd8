/** What the process says to its caller. */
export const exitCodes = {
  done: 0,
  /** An error ended it; the message says which. */
  failed: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** It was done, and not everything could be: dead letters were left behind. */
  incomplete: 3,
  /** Ctrl-C or SIGTERM ended it early; what was done is said and remembered. As shells have it: 128 + SIGINT. */
  interrupted: 130,
} as const
