/** Float64 reference of `y = x / sqrt(mean(x^2) + epsilon)` over rows of `width`. */
export function rmsNorm(x: ArrayLike<number>, width: number, epsilon: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const root = rootMeanSquare(x, start, width, epsilon);
    for (let i = start; i < start + width; i++) y[i] = x[i] / root;
  }
  return y;
}

/** With r the root of a row: `dx = (dy - x mean(x dy) / r^2) / r`. */
export function rmsNormGrad(x: ArrayLike<number>, dy: ArrayLike<number>, width: number, epsilon: number): Float64Array {
  const dx = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const root = rootMeanSquare(x, start, width, epsilon);
    let along = 0;
    for (let i = start; i < start + width; i++) along += x[i] * dy[i];
    for (let i = start; i < start + width; i++) dx[i] = (dy[i] - (x[i] * along) / (width * root ** 2)) / root;
  }
  return dx;
}

function rootMeanSquare(x: ArrayLike<number>, start: number, width: number, epsilon: number): number {
  let sum = 0;
  for (let i = start; i < start + width; i++) sum += x[i] ** 2;
  return Math.sqrt(sum / width + epsilon);
}
