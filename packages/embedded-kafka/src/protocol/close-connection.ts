/** The request cannot be answered in any other way than by closing the connection on which it came. */
export class CloseConnection extends Error {
  constructor(message: string) {
    super(message)
    this.name = new.target.name
  }
}
