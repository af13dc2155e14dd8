import { describeOrderHandlers } from './suites/handlers.ts'
import { describeOrdersOverHttp } from './suites/http.ts'

describeOrdersOverHttp(() => ({ url: 'pglite:' }))
describeOrderHandlers(() => ({ url: 'pglite:' }))
