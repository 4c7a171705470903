/** Float64 reference of `y = (x - mean) / sqrt(variance + epsilon)` over rows of `width`, biased variance. */
export function layerNorm(x: ArrayLike<number>, width: number, epsilon: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const { mean, deviation } = statistics(x, start, width, epsilon);
    for (let i = start; i < start + width; i++) y[i] = (x[i] - mean) / deviation;
  }
  return y;
}

/** `dx = (dy - mean(dy) - y * mean(dy * y)) / deviation`. */
export function layerNormGrad(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  width: number,
  epsilon: number,
): Float64Array {
  const y = layerNorm(x, width, epsilon);
  const dx = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const { deviation } = statistics(x, start, width, epsilon);
    let meanDy = 0;
    let meanDyY = 0;
    for (let i = start; i < start + width; i++) {
      meanDy += dy[i] / width;
      meanDyY += (dy[i] * y[i]) / width;
    }
    for (let i = start; i < start + width; i++) dx[i] = (dy[i] - meanDy - y[i] * meanDyY) / deviation;
  }
  return dx;
}

function statistics(x: ArrayLike<number>, start: number, width: number, epsilon: number) {
  let mean = 0;
  for (let i = start; i < start + width; i++) mean += x[i] / width;
  let variance = 0;
  for (let i = start; i < start + width; i++) variance += (x[i] - mean) ** 2 / width;
  return { mean, deviation: Math.sqrt(variance + epsilon) };
}
