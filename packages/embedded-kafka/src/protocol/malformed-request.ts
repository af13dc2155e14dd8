import { CloseConnection } from './close-connection.ts'

/** The bytes are not a request. */
export class MalformedRequest extends CloseConnection {}
