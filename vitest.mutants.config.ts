import { mergeConfig } from 'vitest/config'
import { plant, plantedVariable } from './test/mutants/plant.ts'
import fast from './vitest.config.ts'

/** `pnpm mutants`: the fast tests with one planted fault, named by an environment variable. */
export default mergeConfig(fast, { plugins: [plant(process.env[plantedVariable])] })
