/** Thrown where rows have to be read one by one: a value that is not plain, or is wrong, and has a line to be named. */
export class NotPlain extends Error {
  override readonly name = 'NotPlain';
}
