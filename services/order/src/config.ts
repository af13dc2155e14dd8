import { commonEnvironment, readEnvironment } from '@tributary/service-kit'

export type Config = ReturnType<typeof readConfig>

/** @throws {EnvironmentError} that lists every fault. */
export const readConfig = (environment: NodeJS.ProcessEnv) => readEnvironment(commonEnvironment, environment)
