/** Float64 reference of `y = x * sigmoid(x)`. */
export function silu(x: ArrayLike<number>): Float64Array {
  return Float64Array.from(x, (value) => value * sigmoid(value));
}

/** `dx = dy * s * (1 + x * (1 - s))`. */
export function siluGrad(x: ArrayLike<number>, dy: ArrayLike<number>): Float64Array {
  return Float64Array.from(x, (value, i) => {
    const s = sigmoid(value);
    return dy[i] * s * (1 + value * (1 - s));
  });
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
