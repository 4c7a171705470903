import type { FuxiCtrJson, FuxiCtrTrainingJson } from '../../../test-support/fuxictr-files.ts';

// Files as FuxiCTR's `LR` would give them, in plain loops: weights of users and genres, which are summed, and a bias.

const TABLES = 'lr_layer.embedding_layer.embedding_layer.embedding_layers';
const LAMBDA = 0.04;
const RATE = 0.05;
const MAX_NORM = 0.1;
const USERS = 3;
/** Row 0 is the padding of lists. */
const GENRES = 4;

const config = {
  model: 'LR',
  features: [
    { name: 'user', type: 'categorical', vocabulary: USERS },
    { name: 'genres', type: 'sequence', vocabulary: GENRES, pooling: 'mean' },
  ],
  labels: ['label'],
};
const batches = [
  {
    user: [0, 2, 1, 2],
    genres: [
      [1, 3],
      [2, 0],
      [3, 2],
      [1, 0],
    ],
    label: [1, 0, 0, 1],
  },
  {
    user: [1, 1, 0, 2],
    genres: [
      [2, 3],
      [1, 0],
      [1, 2],
      [3, 0],
    ],
    label: [0, 1, 1, 0],
  },
] as const;
type Batch = (typeof batches)[number];

/** Users, genres, bias. */
const start = [0.3, -0.8, 0.5, 0, 0.7, -0.2, 0.4, 0.25];
const rowOf = { user: 0, genre: USERS, bias: USERS + GENRES };

/** Mean cross-entropy with `lambda/2 |w|^2` of all weights, and its gradient. */
function step(w: readonly number[], { user, genres, label }: Batch) {
  let loss = 0;
  const gradient = w.map((x) => LAMBDA * x);
  for (const x of w) loss += (LAMBDA / 2) * x * x;
  const predictions = label.map((y, b) => {
    const read = [
      rowOf.user + user[b],
      ...genres[b].filter((id) => id !== 0).map((id) => rowOf.genre + id),
      rowOf.bias,
    ];
    const p = 1 / (1 + Math.exp(-read.reduce((sum, i) => sum + w[i], 0)));
    loss -= Math.log(y === 1 ? p : 1 - p) / label.length;
    for (const i of read) gradient[i] += (p - y) / label.length;
    return p;
  });
  return { loss, gradient, predictions };
}

const tensor = (shape: number[], data: readonly number[]) => ({ shape, data: [...data] });
const tensors = (w: readonly number[]) => ({
  [`${TABLES}.user.weight`]: tensor([USERS, 1], w.slice(rowOf.user, rowOf.genre)),
  [`${TABLES}.genres.weight`]: tensor([GENRES, 1], w.slice(rowOf.genre, rowOf.bias)),
  'lr_layer.bias': tensor([1], w.slice(rowOf.bias)),
});
const inputs = ({ user, genres, label }: Batch) => ({
  user: tensor([4], user),
  genres: tensor([4, 2], genres.flat()),
  label: tensor([4], label),
});
const deviation = { float32Deviation: { outputs: 1e-7, loss: 1e-7, gradients: 1e-7, inputGradients: 0 } };

export function plainLrFile(): FuxiCtrJson & { readonly kind: string } {
  const { loss, gradient, predictions } = step(start, batches[0]);
  return {
    ...{ name: 'lr in plain loops', kind: 'fuxictr', ...deviation },
    config: { ...config, arguments: { regularizer: LAMBDA } },
    inputs: inputs(batches[0]),
    parameters: tensors(start),
    outputs: { y_pred: tensor([4, 1], predictions), taps: {} },
    loss,
    gradients: tensors(gradient),
  } as FuxiCtrJson & { readonly kind: string };
}

/** Adam on gradients that are clipped by their common norm. */
export function plainLrTraining(): FuxiCtrTrainingJson {
  let w: readonly number[] = start;
  const [m, v] = [w.map(() => 0), w.map(() => 0)];
  const losses: number[] = [];
  const after: (readonly number[])[] = [];
  for (const [at, batch] of batches.entries()) {
    const { loss, gradient } = step(w, batch);
    losses.push(loss);
    const scale = Math.min(1, MAX_NORM / Math.hypot(...gradient));
    w = w.map((x, i) => {
      const g = scale * gradient[i];
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      const mean = m[i] / (1 - 0.9 ** (at + 1));
      return x - (RATE * mean) / (Math.sqrt(v[i] / (1 - 0.999 ** (at + 1))) + 1e-8);
    });
    after.push(w);
  }
  return {
    ...{ name: 'lr in plain loops', kind: 'fuxictr-training' },
    config: { ...config, maxGradientNorm: MAX_NORM, arguments: { regularizer: LAMBDA, learning_rate: RATE } },
    inputs: { batches: batches.map(inputs) },
    parameters: tensors(start),
    outputs: { losses, after1: tensors(after[0]), afterAll: tensors(w) },
  } as FuxiCtrTrainingJson;
}
