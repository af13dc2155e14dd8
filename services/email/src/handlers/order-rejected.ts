import { orderRejected } from '@tributary/contracts'
import { handle } from '@tributary/event-bus'
import { rejectionMail } from '../domain/mail.ts'
import { type HandlerDependencies, sendOnce } from './send-once.ts'

export const onOrderRejected = (dependencies: HandlerDependencies) =>
  handle(orderRejected, (event, ctx) => sendOnce(dependencies, event, ctx, rejectionMail(event.data)))
