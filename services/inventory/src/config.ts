import { commonEnvironment, readEnvironment } from '@tributary/service-kit'

/** @throws {EnvironmentError} that lists every fault. */
export const readConfig = (environment: NodeJS.ProcessEnv) => readEnvironment(commonEnvironment, environment)
