import { AdamW, shuffle, streamKey, uniform01 } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../../errors.ts';
import { assignValues } from '../../parameters.ts';
import { asStored, type Rows, rowsAt } from '../vectors/rows.ts';
import { kMeans } from './k-means.ts';
import { residualCodebooks } from './residual-k-means.ts';
import { RqVae } from './rq-vae.ts';
import type { Codebooks, FitOptions, Fitted } from './tokenizer.ts';

export interface RqVaeOptions {
  readonly levels: number;
  readonly codes: number;
  readonly hiddenSizes: readonly number[];
  readonly width: number;
  readonly commitment: number;
  /** At most. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Epochs without a better reconstruction after which it ends. */
  readonly patience: number;
}

/** Lloyd steps of the first codebooks. */
const FIRST_STEPS = 10;

/**
 * Trains an {@link RqVae} and freezes it. The first codebooks are k-means of what the untrained encoder leaves, level
 * by level; a code that nobody had in an epoch becomes a row of what its level reads in the last batch.
 */
export async function fitRqVae(
  vectors: Rows,
  options: RqVaeOptions,
  { seed, onProgress }: FitOptions,
): Promise<Fitted> {
  const { epochs, batchSize, learningRate, weightDecay, commitment, patience, levels, codes } = options;
  const model = new RqVae({ ...options, inputDim: vectors.width }, seed);
  const optimizer = new AdamW({ learningRate, weightDecay });
  const all = tf.tensor2d(Float32Array.from(vectors.values), [vectors.count, vectors.width]);
  try {
    await beginAtKMeans(model, vectors, options, seed);
    let [best, since] = [Number.POSITIVE_INFINITY, 0];
    for (let epoch = 0; epoch < epochs && since < patience; epoch++) {
      const order = shuffle(streamKey(seed, 'rq-vae/order'), epoch, vectors.count);
      const used = Array.from({ length: levels }, () => new Uint8Array(codes));
      let reconstruction = 0;
      for (let first = 0; first < order.length; first += batchSize) {
        const rows = order.slice(first, first + batchSize);
        const pass = stepOn(model, optimizer, all, Int32Array.from(rows), commitment);
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
    const codebooks = rqVaeCodebooks(await tensorsOf(model, options), levels);
    return { codebooks, codes: await codebooks.encode!(vectors) };
  } finally {
    optimizer.dispose();
    all.dispose();
    model.dispose();
  }
}

/** One step; its codes `[B, L]`, the sum of its reconstruction, what each level read. */
function stepOn(model: RqVae, optimizer: AdamW, all: tf.Tensor2D, rows: Int32Array, commitment: number) {
  let kept: { codes: tf.Tensor2D; reconstruction: tf.Scalar; residuals: tf.Tensor2D[] } | undefined;
  const { value, grads } = tf.variableGrads(() => {
    const x = tf.gather(all, tf.tensor1d(rows, 'int32')) as tf.Tensor2D;
    const pass = model.forward(x, { commitment });
    kept = {
      codes: tf.keep(tf.stack([...pass.codes], 1) as tf.Tensor2D),
      reconstruction: tf.keep(tf.sum(pass.reconstruction) as tf.Scalar),
      residuals: pass.residuals.map((residual) => tf.keep(tf.clone(residual))),
    };
    return tf.mean(tf.add(pass.reconstruction, pass.quantisation)) as tf.Scalar;
  }, model.variables());
  optimizer.applyGradients(grads);
  tf.dispose([value, grads]);
  return kept!;
}

async function beginAtKMeans(model: RqVae, vectors: Rows, options: RqVaeOptions, seed: number): Promise<void> {
  const { levels, codes } = options;
  let residual = encoded(vectors, await encoderOf(model, options));
  for (let level = 0; level < levels; level++) {
    const stream = `rq-vae level ${level}`;
    const { centroids, codes: own } = await kMeans(residual, { codes, steps: FIRST_STEPS, seed, stream });
    assignValues(model.book(level), Float32Array.from(centroids.values));
    const chosen = rowsAt(centroids, own);
    residual = { ...residual, values: residual.values.map((value, e) => value - chosen.values[e]) };
  }
}

/** Codes without a row in the epoch become rows of what their level reads. */
export async function reviveCodes(
  model: RqVae,
  used: readonly Uint8Array[],
  residuals: readonly tf.Tensor2D[],
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): Promise<void> {
  for (const [level, of] of used.entries()) {
    const dead = Array.from(of.keys()).filter((code) => of[code] === 0);
    if (dead.length === 0) continue;
    const [rows, book] = [await residuals[level].data(), (await model.book(level).data()).slice() as Float32Array];
    const [count, width] = residuals[level].shape;
    const draws = uniform01(streamKey(seed, `rq-vae/revive ${level}`), epoch, dead.length);
    for (const [i, code] of dead.entries()) {
      const row = Math.floor(draws[i] * count);
      book.set(rows.subarray(row * width, (row + 1) * width), code * width);
    }
    assignValues(model.book(level), book);
  }
}

async function encoderOf(model: RqVae, { hiddenSizes }: Pick<RqVaeOptions, 'hiddenSizes'>): Promise<Map<string, Rows>> {
  const tensors = new Map<string, Rows>();
  for (let i = 0; i <= hiddenSizes.length; i++) {
    const weight = model.encoder.weight(`${i}.weight`);
    const [count, width] = weight.shape as [number, number];
    const bias = await model.encoder.weight(`${i}.bias`).data();
    tensors.set(`encoder.${i}.weight`, { count, width, values: Float64Array.from(await weight.data()) });
    tensors.set(`encoder.${i}.bias`, { count: 1, width: count, values: Float64Array.from(bias) });
  }
  return tensors;
}

async function tensorsOf(model: RqVae, options: RqVaeOptions): Promise<Map<string, Rows>> {
  const tensors = await encoderOf(model, options);
  for (let level = 0; level < options.levels; level++) {
    const book = model.book(level);
    const [count, width] = book.shape;
    tensors.set(`codebook.${level}`, asStored({ count, width, values: Float64Array.from(await book.data()) }));
  }
  return tensors;
}

/** The codebooks of {@link fitRqVae}: the encoder in float64, then what each level leaves. */
export function rqVaeCodebooks(tensors: ReadonlyMap<string, Rows>, levels: number): Codebooks {
  const books = Array.from({ length: levels }, (_, level) => tensors.get(`codebook.${level}`)!);
  const quantised = residualCodebooks(books, false);
  return {
    sizes: quantised.sizes,
    tensors,
    encode: (vectors) => quantised.encode!(encoded(vectors, tensors)),
    lastDistances: (vectors, codes) => quantised.lastDistances!(encoded(vectors, tensors), codes),
  };
}

/** `Enc(x)` in float64. */
function encoded(vectors: Rows, tensors: ReadonlyMap<string, Rows>): Rows {
  let rows = vectors;
  for (let i = 0; tensors.has(`encoder.${i}.weight`); i++) {
    const isLast = !tensors.has(`encoder.${i + 1}.weight`);
    const weight = tensors.get(`encoder.${i}.weight`)!;
    const bias = tensors.get(`encoder.${i}.bias`)!.values;
    const values = new Float64Array(rows.count * weight.count);
    for (let r = 0; r < rows.count; r++) {
      for (let o = 0; o < weight.count; o++) {
        let sum = bias[o];
        for (let j = 0; j < weight.width; j++)
          sum += rows.values[r * rows.width + j] * weight.values[o * weight.width + j];
        values[r * weight.count + o] = isLast ? sum : Math.max(0, sum);
      }
    }
    rows = { count: rows.count, width: weight.count, values };
  }
  return rows;
}
