/** A matrix in rows. */
export type Matrix = readonly (readonly number[])[];

/** Float64 reference of the quintic Newton-Schulz iteration. Source: Jordan et al. 2024. */
export function newtonSchulz(
  x: Matrix,
  steps = 5,
  [a, b, c]: readonly [number, number, number] = [3.4445, -4.775, 2.0315],
  epsilon = 1e-7,
): Matrix {
  if (x.length > x[0].length) return transposed(newtonSchulz(transposed(x), steps, [a, b, c], epsilon));
  const norm = Math.max(Math.sqrt(x.flat().reduce((sum, value) => sum + value * value, 0)), epsilon);
  let y = x.map((row) => row.map((value) => value / norm));
  for (let step = 0; step < steps; step++) {
    const gram = product(y, transposed(y));
    const square = product(gram, gram);
    const inner = product(
      gram.map((row, i) => row.map((value, j) => b * value + c * square[i][j])),
      y,
    );
    y = y.map((row, i) => row.map((value, j) => a * value + inner[i][j]));
  }
  return y;
}

export interface MuonConstants {
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** What the shape does to the rate. */
  readonly scale: number;
}

/** Float64 reference of one step of Muon for one matrix. Source: Jordan et al. 2024, as torch writes it. */
export function muonStep(
  state: { readonly param: Matrix; readonly momentum: Matrix },
  grad: Matrix,
  { learningRate, momentum: mu, nesterov, weightDecay, scale }: MuonConstants,
): { param: Matrix; momentum: Matrix } {
  const mix = (x: Matrix, y: Matrix): Matrix =>
    x.map((row, i) => row.map((value, j) => mu * value + (1 - mu) * y[i][j]));
  const momentum = mix(state.momentum, grad);
  const direction = newtonSchulz(nesterov ? mix(momentum, grad) : momentum);
  const param = state.param.map((row, i) =>
    row.map((w, j) => w * (1 - learningRate * weightDecay) - learningRate * scale * direction[i][j]),
  );
  return { param, momentum };
}

function transposed(x: Matrix): number[][] {
  return x[0].map((_, j) => x.map((row) => row[j]));
}

function product(x: Matrix, y: Matrix): number[][] {
  return x.map((row) => y[0].map((_, j) => row.reduce((sum, value, k) => sum + value * y[k][j], 0)));
}
