/** Float64 reference of `y = x / max(||x||, epsilon)` over rows of `width`. */
export function l2Normalize(x: ArrayLike<number>, width: number, epsilon: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const length = Math.max(norm(x, start, width), epsilon);
    for (let i = start; i < start + width; i++) y[i] = x[i] / length;
  }
  return y;
}

/** `dx = (dy - y (y . dy)) / ||x||` where the norm exceeds epsilon, `dy / epsilon` elsewhere. */
export function l2NormalizeGrad(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  width: number,
  epsilon: number,
): Float64Array {
  const y = l2Normalize(x, width, epsilon);
  const dx = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const length = norm(x, start, width);
    let along = 0;
    for (let i = start; i < start + width; i++) along += y[i] * dy[i];
    for (let i = start; i < start + width; i++) {
      dx[i] = length > epsilon ? (dy[i] - y[i] * along) / length : dy[i] / epsilon;
    }
  }
  return dx;
}

function norm(x: ArrayLike<number>, start: number, width: number): number {
  let sum = 0;
  for (let i = start; i < start + width; i++) sum += x[i] ** 2;
  return Math.sqrt(sum);
}
