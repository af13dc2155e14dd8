/** First half of the two-part advisory locks of this package, so that they meet nobody else's. Locks of outbox keys are the one-part kind. */
export const LOCK_SPACE = 0x54524942
