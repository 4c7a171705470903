/** The size of an HSTU, of which everything that serving costs follows. */
export interface ServeShape {
  readonly blocks: number;
  readonly heads: number;
  /** Width of a head: of queries and keys, and of values. */
  readonly width: number;
  /** Width of the tokens. */
  readonly dim: number;
}

/** `H = h (A + C)`: floats that a block keeps of a token. */
const kept = ({ heads, width }: ServeShape): number => 2 * heads * width;

/** Linear maps of a block for one token: to U, V, Q, K and back. */
const maps = (shape: ServeShape): number => 4 * shape.dim * kept(shape) + 2 * shape.heads * shape.width * shape.dim;

/**
 * Floating-point operations of a pass over `length` tokens, a multiply-add counting two, the causal half of the
 * attention only: `L (4 l D H + 2 l h C D + l^2 H)` with `H = h (A + C)`.
 */
export function fullWork(shape: ServeShape, length: number): number {
  return shape.blocks * (length * maps(shape) + length ** 2 * kept(shape));
}

/**
 * The same where only the last token's row leaves the last block (`encodeLast`): that block maps keys and values of all
 * tokens, `2 l D H`, and the rest of one.
 */
export function lastRowWork(shape: ServeShape, length: number): number {
  const last = 2 * length * shape.dim * kept(shape) + maps(shape) + 2 * length * kept(shape);
  return fullWork({ ...shape, blocks: shape.blocks - 1 }, length) + last;
}

/** `rows` tokens behind `length` others that are kept: `L (4 r D H + 2 r h C D + 2 r l H)`. */
export function rowsWork(shape: ServeShape, length: number, rows: number): number {
  return shape.blocks * (rows * maps(shape) + 2 * rows * length * kept(shape));
}

/** Bytes of keys and values of a user: `4 L l h (A + C)`. */
export function keptBytes(shape: ServeShape, length: number): number {
  return 4 * shape.blocks * length * kept(shape);
}
