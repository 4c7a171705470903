// The formula of an RQ-VAE and its losses in float64 and plain loops.

type Vector = number[];
type Matrix = Vector[];

export interface PlainWeights {
  /** `[out, in]` and `[out]` of each layer. */
  readonly encoder: readonly { readonly weight: Matrix; readonly bias: Vector }[];
  readonly decoder: readonly { readonly weight: Matrix; readonly bias: Vector }[];
  readonly tables: readonly Matrix[];
  /** Empty: codebooks are the tables. */
  readonly maps: readonly Matrix[];
}

export interface PlainOptions {
  readonly x: Matrix;
  /** Of each level. */
  readonly codes: readonly Vector[];
  readonly commitment: number;
  readonly gradient: 'straight-through' | 'rotation';
  readonly residuals: 'attached' | 'passed';
  readonly normalize: boolean;
  readonly reduction: 'sum' | 'mean';
  readonly diversity?: { readonly weight: number; readonly positives: readonly Vector[] };
  readonly collaborative?: { readonly weight: number; readonly vectors: Matrix };
}

const dot = (a: Vector, b: Vector): number => a.reduce((sum, each, j) => sum + each * b[j], 0);
const plus = (a: Vector, b: Vector, by = 1): Vector => a.map((each, j) => each + by * b[j]);
const scaled = (a: Vector, by: number): Vector => a.map((each) => each * by);
const unit = (a: Vector): Vector => scaled(a, 1 / Math.sqrt(dot(a, a)));
const square = (a: Vector): number => dot(a, a);
const times = (matrix: Matrix, x: Vector): Vector => matrix.map((row) => dot(row, x));

function through(layers: PlainWeights['encoder'], x: Vector): Vector {
  return layers.reduce((rows, { weight, bias }, i) => {
    const next = plus(times(weight, rows), bias);
    return i === layers.length - 1 ? next : next.map((each) => Math.max(0, each));
  }, x);
}

/** `s R` of a row and what stands for it: turns `r` into `e`. */
export function rotationOf(r: Vector, e: Vector): Matrix {
  const [u, v] = [unit(r), unit(e)];
  const w = unit(plus(u, v));
  const scale = Math.sqrt(square(e) / square(r));
  return r.map((_, i) => r.map((__, j) => scale * (Number(i === j) - 2 * w[i] * w[j] + 2 * v[i] * u[j])));
}

const logSoftmaxAt = (scores: Vector, at: number): number => {
  const most = Math.max(...scores);
  return scores[at] - most - Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0));
};

/** What stop-gradients and rotations are made of: each a constant where the loss is differentiated. */
type Constants = Map<string, Vector | Matrix>;

/**
 * The loss; all that is behind a stop-gradient is read from `constants` where they are given, and written there where
 * they are not.
 */
export function plainLoss(weights: PlainWeights, options: PlainOptions, constants?: Constants): [number, Constants] {
  const { x, codes, commitment, gradient, residuals, normalize, reduction, diversity, collaborative } = options;
  const made: Constants = new Map();
  const constant = <T extends Vector | Matrix>(name: string, value: T): T => {
    // A copy: rows of tables are moved where they lie.
    made.set(name, structuredClone(value));
    return (constants?.get(name) as T | undefined) ?? value;
  };
  const books = weights.tables.map((table, level) =>
    table.map((row) => {
      const own = weights.maps.length > 0 ? times(weights.maps[level], row) : row;
      return normalize && level === 0 ? unit(own) : own;
    }),
  );
  const [count, levels] = [x.length, books.length];
  const [d, m] = [x[0].length, books[0][0].length];
  let loss = 0;
  const quantised = x.map((row, i) => {
    const open = through(weights.encoder, row);
    const z = normalize ? unit(open) : open;
    let [residual, left, sum] = [z, z, z.map(() => 0)];
    let terms = 0;
    for (let l = 0; l < levels; l++) {
      const e = books[l][codes[l][i]];
      const [stopped, stoppedResidual] = [constant(`e ${l} ${i}`, e), constant(`r ${l} ${i}`, residual)];
      terms += square(plus(stoppedResidual, e, -1)) + commitment * square(plus(residual, stopped, -1));
      const q =
        gradient === 'rotation'
          ? times(constant(`R ${l} ${i}`, rotationOf(left, e)), left)
          : plus(left, constant(`shift ${l} ${i}`, plus(e, left, -1)));
      sum = plus(sum, q);
      left = plus(left, q, -1);
      residual = residuals === 'attached' ? plus(residual, stopped, -1) : left;
    }
    const missed = square(plus(row, through(weights.decoder, sum), -1));
    loss += (reduction === 'mean' ? missed / d + terms / (m * levels) : missed + terms) / count;
    return sum;
  });
  for (const [l, positives] of (diversity?.positives ?? []).entries()) {
    const weight = diversity!.weight / (reduction === 'mean' ? levels : 1);
    for (const [i, positive] of positives.entries()) {
      if (positive < 0) continue;
      const scores = books[l].map((row, k) =>
        k === codes[l][i] ? Number.NEGATIVE_INFINITY : dot(books[l][codes[l][i]], row),
      );
      loss -= (weight * logSoftmaxAt(scores, positive)) / count;
    }
  }
  if (collaborative !== undefined) {
    const { weight, vectors } = collaborative;
    const known = vectors.filter((vector) => square(vector) > 0).length;
    for (const [i, q] of quantised.entries()) {
      if (square(vectors[i]) > 0)
        loss -=
          (weight *
            logSoftmaxAt(
              vectors.map((vector) => dot(q, vector)),
              i,
            )) /
          known;
    }
  }
  return [loss, made];
}
