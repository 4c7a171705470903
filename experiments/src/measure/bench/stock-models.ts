import { randomWords, streamKey } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import {
  initializers,
  input,
  type LayersModel,
  layers,
  model,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers';

/** A model made of stock TensorFlow.js layers, and a batch for it. Nothing in it knows of Seqrec. */
export interface StockModel {
  readonly name: string;
  readonly what: string;
  readonly batch: number;
  /** Builds and compiles the model; the weights are the same on every backend. */
  build(): LayersModel;
  /** Inputs and labels on the active backend, the same on every backend. */
  batchOf(): { readonly x: tf.Tensor; readonly y: tf.Tensor };
}

const CLASSES = 10;

const words = (name: string, count: number): Uint32Array => randomWords(streamKey(7, name), 0, count);

function labels(batch: number): tf.Tensor {
  const ids = Int32Array.from(words('labels', batch), (word) => word % CLASSES);
  return tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(ids, 'int32'), CLASSES), 'float32'));
}

function tokens(batch: number, length: number, vocabulary: number): tf.Tensor {
  const ids = Int32Array.from(words('tokens', batch * length), (word) => word % vocabulary);
  return tf.tensor2d(ids, [batch, length], 'int32');
}

function compiled(built: LayersModel): LayersModel {
  built.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
  return built;
}

/** Glorot's uniform initialiser with a seed, so that every backend starts from the same weights. */
const seeded = (seed: number) => initializers.glorotUniform({ seed });

const dense = (units: number, activation: 'relu' | 'softmax' | 'linear', seed: number) =>
  layers.dense({ units, activation, kernelInitializer: seeded(seed) });

const embedding = (vocabulary: number, width: number) =>
  layers.embedding({
    inputDim: vocabulary,
    outputDim: width,
    embeddingsInitializer: initializers.randomUniform({ minval: -0.05, maxval: 0.05, seed: 11 }),
  });

const classifier: StockModel = {
  name: 'dense',
  what: 'dense 784-512-512-10, batch 256',
  batch: 256,
  build: () =>
    compiled(
      sequential({
        layers: [
          layers.dense({ units: 512, activation: 'relu', inputShape: [784], kernelInitializer: seeded(1) }),
          dense(512, 'relu', 2),
          dense(CLASSES, 'softmax', 3),
        ],
      }),
    ),
  batchOf: () => ({
    x: tf.tensor2d(
      Float32Array.from(words('pixels', 256 * 784), (word) => word / 2 ** 32),
      [256, 784],
    ),
    y: labels(256),
  }),
};

/** Multi-head softmax attention in TensorFlow.js ops: what a user of tfjs-layers writes, as it has no such layer. */
class SelfAttention extends layers.Layer {
  static className = 'SelfAttention';
  readonly #heads: number;
  readonly #seed: number;
  #kernels: { read(): tf.Tensor }[] = [];

  constructor(config: { readonly heads: number; readonly seed: number }) {
    super({});
    this.#heads = config.heads;
    this.#seed = config.seed;
  }

  override build(shape: number[]): void {
    const width = shape[shape.length - 1];
    this.#kernels = ['query', 'key', 'value', 'output'].map((name, i) =>
      this.addWeight(name, [width, width], 'float32', seeded(this.#seed + i)),
    );
    super.build(shape);
  }

  override computeOutputShape(shape: number[]): number[] {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor3D;
      const [batch, length, width] = x.shape;
      const flat = tf.reshape(x, [batch * length, width]);
      const head = (i: number): tf.Tensor =>
        tf.transpose(
          tf.reshape(tf.matMul(flat as tf.Tensor2D, this.#kernels[i].read() as tf.Tensor2D), [
            batch,
            length,
            this.#heads,
            width / this.#heads,
          ]),
          [0, 2, 1, 3],
        );
      const scores = tf.mul(tf.matMul(head(0), head(1), false, true), (width / this.#heads) ** -0.5);
      const mixed = tf.transpose(tf.matMul(tf.softmax(scores), head(2)), [0, 2, 1, 3]);
      const joined = tf.reshape(mixed, [batch * length, width]) as tf.Tensor2D;
      return tf.reshape(tf.matMul(joined, this.#kernels[3].read() as tf.Tensor2D), [batch, length, width]);
    });
  }
}

/** A learned vector for each position. */
class PositionEmbedding extends layers.Layer {
  static className = 'PositionEmbedding';
  #table: { read(): tf.Tensor } | undefined;

  override build(shape: number[]): void {
    this.#table = this.addWeight('table', shape.slice(1), 'float32', seeded(90));
    super.build(shape);
  }

  override computeOutputShape(shape: number[]): number[] {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    return tf.add(x, (this.#table as { read(): tf.Tensor }).read());
  }
}

/** One block before and after: normalised attention and a normalised feed-forward layer, each added to its input. */
function block(x: SymbolicTensor, width: number, heads: number, hidden: number, seed: number): SymbolicTensor {
  const apply = (layer: layers.Layer, ...inputs: SymbolicTensor[]): SymbolicTensor =>
    layer.apply(inputs.length === 1 ? inputs[0] : inputs) as SymbolicTensor;
  const attended = apply(new SelfAttention({ heads, seed }), apply(layers.layerNormalization(), x));
  const y = apply(layers.add(), x, attended);
  const inner = apply(dense(hidden, 'relu', seed + 4), apply(layers.layerNormalization(), y));
  return apply(layers.add(), y, apply(dense(width, 'linear', seed + 5), inner));
}

const transformer: StockModel = {
  name: 'transformer',
  what: 'embedding 20000 x 64, 2 blocks of 4 heads and 256 hidden units, mean, dense 10; 128 tokens, batch 32',
  batch: 32,
  build: () => {
    const ids = input({ shape: [128] });
    let x = new PositionEmbedding({}).apply(embedding(20_000, 64).apply(ids)) as SymbolicTensor;
    for (let i = 0; i < 2; i++) x = block(x, 64, 4, 256, 20 + 10 * i);
    const pooled = layers.globalAveragePooling1d({}).apply(x);
    return compiled(model({ inputs: ids, outputs: dense(CLASSES, 'softmax', 50).apply(pooled) as SymbolicTensor }));
  },
  batchOf: () => ({ x: tokens(32, 128, 20_000), y: labels(32) }),
};

const gru: StockModel = {
  name: 'gru',
  what: 'embedding 10000 x 64, GRU 128, dense 10; 64 tokens, batch 64',
  batch: 64,
  build: () => {
    const ids = input({ shape: [64] });
    const recurrent = layers.gru({
      units: 128,
      kernelInitializer: seeded(60),
      recurrentInitializer: seeded(61),
    });
    const state = recurrent.apply(embedding(10_000, 64).apply(ids));
    return compiled(model({ inputs: ids, outputs: dense(CLASSES, 'softmax', 62).apply(state) as SymbolicTensor }));
  },
  batchOf: () => ({ x: tokens(64, 64, 10_000), y: labels(64) }),
};

export const STOCK_MODELS: readonly StockModel[] = [classifier, transformer, gru];
