/** The bytes are not a request. The connection they came on is closed; nothing is answered. */
export class MalformedRequest extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MalformedRequest'
  }
}
