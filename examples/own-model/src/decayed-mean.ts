import { fromPadded, Jagged, knownHostValues, toPadded } from '@seqrec/core';
import {
  createEncoder,
  ItemEmbedding,
  inputList,
  type LayerArgs,
  linearFlops,
  type ModelDefinition,
  StreamLayer,
  timesFlops,
  tokenInput,
  type WeightSpec,
} from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const schema = z.strictObject({
  kind: z.literal('own/decayed-mean'),
  embeddingDim: z.int().min(1).max(1024).describe('Width `D` of the item vectors.'),
  maxSequenceLength: z.int().min(1).max(1024).describe('Longest history, in events.'),
  inputDropout: z.number().min(0).lt(1).default(0).describe('Dropout on the tokens that enter the layer.'),
  learnedTemperature: z.boolean().default(false).describe('The temperature of the scores is a weight.'),
});

type DecayedMeanConfig = z.output<typeof schema>;

/** Half of all dimensions would forget an event after one step at 0.5; this starts at a decay of 0.88. */
const START = 2;

/**
 * The mean of a history that fades, with a decay of its own for each dimension `d`:
 *
 * `y_t[d] = sum_{s <= t} w_d^(t - s) x_s[d] / sum_{s <= t} w_d^(t - s)` with `w_d = sigmoid(theta_d + 2)`.
 *
 * Inputs: `[x [T, D], offsets int32 [B + 1]]`; output `[T, D]`. `N^2 D` numbers of memory for histories of `N`.
 */
export class DecayedMeanLayer extends StreamLayer {
  static className = 'OwnDecayedMean';
  readonly width: number;

  constructor(args: LayerArgs & { readonly width: number }) {
    super(args);
    this.width = args.width;
  }

  protected weightSpecs(): WeightSpec[] {
    return [{ name: 'theta', shape: [this.width], initialization: { kind: 'zeros' } }];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x, offsets] = inputList(inputs);
    const host = knownHostValues(offsets) as Int32Array;
    return tf.tidy(() => {
      const padded = toPadded(new Jagged(x, host));
      const [, length] = padded.shape;
      // Every dimension is a product of [N, N] with [N, B].
      const columns = tf.transpose(padded, [2, 1, 0]);
      const faded = tf.matMul(this.shares(length), columns);
      return fromPadded(tf.transpose(faded, [2, 1, 0]), host).values;
    });
  }

  /** Of event `s` in the mean at `t`, `[D, N, N]`. */
  private shares(length: number): tf.Tensor3D {
    const steps = Array.from({ length }, (_, t) => Array.from({ length }, (_, s) => Math.max(0, t - s)));
    const past = Array.from({ length }, (_, t) => Array.from({ length }, (_, s) => (s <= t ? 1 : 0)));
    // log sigmoid(x) = -log(1 + exp(-x))
    const logDecay = tf.neg(tf.softplus(tf.neg(tf.add(this.weight('theta'), START))));
    const weights = tf.mul(
      tf.exp(tf.mul(tf.reshape(logDecay, [this.width, 1, 1]), tf.tensor2d(steps))),
      tf.tensor2d(past),
    );
    return tf.div(weights, tf.sum(weights, 2, true));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), width: this.width };
  }
}
tf.serialization.registerClass(DecayedMeanLayer);

/** The model: item vectors, the layer, and what every encoder has around its layers. */
export const decayedMean: ModelDefinition<DecayedMeanConfig> = {
  kind: 'own/decayed-mean',
  can: ['encode'],
  schema,
  // A product of [N, N] with [N, B] for each dimension, N the longest history.
  flops({ embeddingDim }, { lengths }) {
    const longest = Math.max(0, ...Array.from(lengths));
    return timesFlops(embeddingDim, linearFlops(longest, { in: longest, out: lengths.length }));
  },
  // `seqrec scale` varies width and length; there are no blocks.
  study: {
    settings: ({ width, length, dropout }) => ({
      embeddingDim: width,
      maxSequenceLength: length,
      inputDropout: dropout,
    }),
  },
  create(config, { numItems, seed = 0 }) {
    const { embeddingDim } = config;
    const layer = new DecayedMeanLayer({ width: embeddingDim, seed, stream: 'decayed-mean' });
    return createEncoder({
      config,
      seed,
      items: new ItemEmbedding({ numItems, embeddingDim, seed, stream: 'items' }),
      input: tokenInput({ config }),
      // The name of the weight in checkpoints.
      stack: [{ layer, names: { theta: 'decay.theta' } }],
    });
  },
};
