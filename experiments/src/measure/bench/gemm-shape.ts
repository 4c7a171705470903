/** `op(A) [m, k] op(B) [k, n]`, `batch` of them. */
export interface GemmShape {
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly what: string;
}
