import { commonEnvironment, readEnvironment } from '@tributary/service-kit'
import { z } from 'zod'

const environment = commonEnvironment.extend({
  /** `smtp://host:port` or `smtps://user:password@host:port`. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }),
  MAIL_FROM: z.string().default('Tributary Shop <shop@tributary.example>'),
})

/** @throws {EnvironmentError} that lists every fault. */
export const readConfig = (values: NodeJS.ProcessEnv) => readEnvironment(environment, values)
