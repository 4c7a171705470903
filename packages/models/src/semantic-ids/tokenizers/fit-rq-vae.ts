import { shuffle, streamKey } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../../errors.ts';
import { assignValues } from '../../parameters.ts';
import { type Rows, rowsAt, squaredLengths, unitRows } from '../vectors/rows.ts';
import { assignCodes } from './assign-codes.ts';
import { encodedRows, encoderTensors, frozenTensors, rqVaeCodebooks } from './frozen-rq-vae.ts';
import { kMeans } from './k-means.ts';
import { nearest } from './nearest.ts';
import { without } from './residual-k-means.ts';
import { reviveCodes } from './revive-codes.ts';
import { RqVae } from './rq-vae.ts';
import type { RqVaeOptions } from './rq-vae-options.ts';
import { RqVaeTrainer } from './rq-vae-step.ts';
import type { Codes, FitOptions, Fitted } from './tokenizer.ts';

/** Lloyd steps of the first codebooks. */
const FIRST_STEPS = 10;

/**
 * Trains an {@link RqVae} and freezes it. The first codebooks are k-means of what the untrained encoder leaves, level
 * by level; a code that nobody had in an epoch becomes a row of what its level reads in the last batch. Codes that are
 * balanced are so over the rows of a batch, and at the end over all rows.
 */
export async function fitRqVae(
  vectors: Rows,
  options: RqVaeOptions,
  { seed, onProgress }: FitOptions,
): Promise<Fitted> {
  const { epochs, batchSize, patience, levels, codes, normalize } = options;
  checkOptions(vectors, options);
  const model = new RqVae({ ...options, inputDim: vectors.width }, seed);
  const trainer = new RqVaeTrainer(model, vectors, options, seed);
  try {
    await beginAtKMeans(model, vectors, seed);
    let [best, since] = [Number.POSITIVE_INFINITY, 0];
    for (let epoch = 0; epoch < epochs && since < patience; epoch++) {
      const order = shuffle(streamKey(seed, 'rq-vae/order'), epoch, vectors.count);
      const used = Array.from({ length: levels }, () => new Uint8Array(codes));
      let reconstruction = 0;
      await trainer.beginEpoch();
      for (let first = 0; first < order.length; first += batchSize) {
        const pass = await trainer.on(Int32Array.from(order.slice(first, first + batchSize)));
        const chosen = (await pass.codes.data()) as Int32Array;
        for (const [e, code] of chosen.entries()) used[e % levels][code] = 1;
        reconstruction += (await pass.reconstruction.data())[0] / vectors.count;
        if (first + batchSize >= order.length) await reviveCodes(model, used, pass.residuals, { seed, epoch });
        tf.dispose([pass.codes, pass.reconstruction, ...pass.residuals]);
      }
      if (!Number.isFinite(reconstruction))
        throw new ConfigError(
          `semantic ids: rq-vae: expected a finite loss; got ${reconstruction} in epoch ${epoch + 1}; lower the learning rate`,
          'ids.tokenizer.learningRate',
        );
      since = reconstruction < best * (1 - 1e-4) ? 0 : since + 1;
      best = Math.min(best, reconstruction);
      onProgress?.({ done: epoch + 1, total: epochs });
    }
    const codebooks = rqVaeCodebooks(await frozenTensors(model), levels, normalize);
    const books = Array.from({ length: levels }, (_, level) => codebooks.tensors.get(`codebook.${level}`)!);
    const own = await assignCodes(encodedRows(vectors, codebooks.tensors, normalize), books, options.assignment);
    return { codebooks, codes: own, reconstruction: await missed(model, vectors, own, batchSize) };
  } finally {
    trainer.dispose();
    model.dispose();
  }
}

/** @throws ConfigError for clusters without two codes each, and for vectors of behaviour that do not fit. */
function checkOptions(vectors: Rows, { codes, width, diversity, collaborative }: RqVaeOptions): void {
  if (diversity !== undefined && codes < 2 * diversity.clusters)
    throw new ConfigError(
      `semantic ids: rq-vae: diversity: expected at least two codes for each cluster; got ${codes} codes for ${diversity.clusters} clusters; a level has no more codes than there are items`,
      'ids.tokenizer.diversity.clusters',
    );
  const behaviour = collaborative?.vectors;
  if (behaviour !== undefined && (behaviour.count !== vectors.count || behaviour.width !== width))
    throw new ConfigError(
      `semantic ids: rq-vae: collaborative: expected vectors of ${vectors.count} items, ${width} wide as what is quantised; got ${behaviour.count}, ${behaviour.width} wide`,
      'ids.tokenizer.collaborative.vectors',
    );
}

async function beginAtKMeans(model: RqVae, vectors: Rows, seed: number): Promise<void> {
  const { levels, codes, normalize = false } = model.sizes;
  let residual = encodedRows(vectors, await encoderTensors(model), normalize);
  for (let level = 0; level < levels; level++) {
    const stream = `rq-vae level ${level}`;
    const found = await kMeans(residual, { codes, steps: FIRST_STEPS, seed, stream });
    const isUnit = normalize && level === 0;
    const centroids = isUnit ? unitRows(found.centroids) : found.centroids;
    const own = isUnit ? (await nearest(residual, centroids)).codes : found.codes;
    // A map of projected codebooks begins as the identity.
    assignValues(model.books.table(level), Float32Array.from(centroids.values));
    residual = without(residual, centroids, own);
  }
}

/** `sum |x - y|^2 / sum |x|^2`, `y` what the decoder makes of codes. */
async function missed(model: RqVae, vectors: Rows, codes: Codes, batchSize: number): Promise<number> {
  const levels = codes.sizes.length;
  let sum = 0;
  for (let first = 0; first < vectors.count; first += batchSize) {
    const count = Math.min(batchSize, vectors.count - first);
    const places = Int32Array.from({ length: count }, (_, i) => first + i);
    const squares = tf.tidy(() => {
      const x = tf.tensor2d(Float32Array.from(rowsAt(vectors, places).values), [count, vectors.width]);
      const own = codes.sizes.map((_, level) =>
        tf.tensor1d(
          places.map((row) => codes.values[row * levels + level]),
          'int32',
        ),
      );
      return tf.sum(model.forward(x, { commitment: 0, codes: own }).reconstruction);
    });
    sum += (await squares.data())[0];
    squares.dispose();
  }
  const whole = squaredLengths(vectors).reduce((total, square) => total + square, 0);
  return whole > 0 ? sum / whole : 0;
}
