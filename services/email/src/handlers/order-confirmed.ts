import { orderConfirmed } from '@tributary/contracts'
import { handle } from '@tributary/event-bus'
import { confirmationMail } from '../domain/mail.ts'
import { type HandlerDependencies, sendOnce } from './send-once.ts'

export const onOrderConfirmed = (dependencies: HandlerDependencies) =>
  handle(orderConfirmed, (event, ctx) => sendOnce(dependencies, event, ctx, confirmationMail(event.data)))
