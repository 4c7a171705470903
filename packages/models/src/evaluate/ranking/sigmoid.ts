/** `1 / (1 + e^-z)`, to full relative precision at both ends. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/** `ln p - ln(1 - p)`; infinite for 0 and 1. */
export function logit(p: number): number {
  return Math.log(p) - Math.log1p(-p);
}

/** `ln(1 + e^x)`: the loss of a row of label 0 at logit `x`, and of label 1 at logit `-x`. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
