/** A file of orders or products that cannot be played. Its message names the file, and the line where there is one. */
export class InputError extends Error {}
