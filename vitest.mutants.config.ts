import { mergeConfig } from 'vitest/config'
import { plant, plantedVariable } from './test/mutants/plant.ts'
import fast from './vitest.config.ts'

/** `pnpm mutants`: the fast tests with one planted fault, named by an environment variable. As many run at a time as there are processors, so each has one worker. */
export default mergeConfig(fast, { plugins: [plant(process.env[plantedVariable])], test: { maxWorkers: 1 } })
