import { l2Normalize, offsetsOf } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { reversePlaces } from '../encoders/hstu/reverse-places.ts';
import { AffineLayerNorm } from '../encoders/transformer/block.ts';
import { LearnedPositions } from '../layers/embeddings.ts';
import { clockFeatures, TimestampNorm } from '../layers/timestamp-norm.ts';
import { checkedFields, type GoldenFile, goldenTensor, tensorOf } from './file.ts';
import { compareModule, configOf, parseModule } from './module.ts';
import type { GoldenReport } from './report.ts';

const configSchema = z.object({
  ...{ embeddingDim: size, positionBuckets: size, timeBuckets: size, maxSeqLen: size },
  contextual: z.int().min(0),
  timeFeatures: z.array(z.tuple([z.number().gt(0), size])).min(1),
});

/** What makes the loss together. */
const outputsSchema = z.object({
  ...{ encoded: goldenTensor, l2: goldenTensor, layerNorm: goldenTensor, timestampLayerNorm: goldenTensor },
});

/** Of the two layer norms there. */
const EPSILON = 1e-5;
/** Taken for what a reference in float32 loses, which has nothing to measure that by. */
const LOST = { outputs: 1e-6, loss: 1e-6, gradients: 1e-6, inputGradients: 1e-6 };
/** The angle of a whole turn there. */
const TURN = 2 * 3.14;

/**
 * The input of HSTU as a ranker, `x sqrt(D)` with places and ages, and its three norms of an output, beside
 * {@link reversePlaces}, `l2Normalize`, a layer norm and {@link TimestampNorm}. Everything there is in float32.
 *
 * The PyTorch kernel bounds ages by `embeddingDim - 1`, a slip for `timeBuckets`: `numBuckets` is that here, so that
 * a file where they differ agrees too. `turn` and `isRounded` of {@link clockFeatures} give its angles.
 */
export async function checkHstuPosition(json: GoldenFile): Promise<GoldenReport> {
  const given = json as unknown as { readonly outputs?: unknown; readonly float32Deviation?: unknown };
  const outputs = checkedFields(outputsSchema, given.outputs, 'outputs');
  const { l2, layerNorm, timestampLayerNorm } = outputs;
  const y = {
    shape: l2.shape,
    data: l2.data.map((value, at) => value + layerNorm.data[at] + timestampLayerNorm.data[at]),
  };
  const golden = parseModule({ ...json, outputs: { ...outputs, y }, float32Deviation: given.float32Deviation ?? LOST });
  const { embeddingDim, positionBuckets, timeBuckets, contextual, timeFeatures } = configOf(configSchema, golden);
  const lengths = tensorOf(golden.inputs, 'lengths').data;
  const numTargets = tensorOf(golden.inputs, 'numTargets', [lengths.length]).data;
  const hostOffsets = offsetsOf(lengths);
  const numTokens = hostOffsets[lengths.length];
  const times = Float64Array.from(tensorOf(golden.inputs, 'timestamps', [numTokens]).data);
  const table = (numPositions: number, stream: string): LearnedPositions =>
    new LearnedPositions({ numPositions, embeddingDim, initialization: { kind: 'zeros' }, stream: `golden.${stream}` });
  const [positions, ages] = [table(positionBuckets, 'positions'), table(timeBuckets + 1, 'ages')];
  const norm = new AffineLayerNorm({ embeddingDim, epsilon: EPSILON, stream: 'golden.norm' });
  const timeDim = 2 * timeFeatures.length;
  const timestamps = new TimestampNorm({ embeddingDim, timeDim, epsilon: EPSILON, stream: 'golden.timestamps' });
  const places = reversePlaces({ hostOffsets, numTokens }, times, {
    ...{ numPositions: positionBuckets, numBuckets: embeddingDim - 1, scale: 'sqrt' },
    ...{ contextualLength: contextual, numTargets },
  });
  const periods = timeFeatures.map(([unit, count]) => ({ unit, count }));
  return compareModule({
    golden,
    packed: Array.from({ length: numTokens }, (_, row) => row),
    places: {
      'encoder._position_embeddings_weight': { variable: positions.weight('weight') },
      'encoder._timestamp_embeddings_weight': { variable: ages.weight('weight') },
      'layer._layer_norm.weight': { variable: norm.weight('norm.weight') },
      'layer._layer_norm.bias': { variable: norm.weight('norm.bias') },
      'time._layer_norm.weight': { variable: timestamps.weight('norm.weight') },
      'time._layer_norm.bias': { variable: timestamps.weight('norm.bias') },
      'time._time_feature_combiner.weight': { variable: timestamps.weight('combiner.weight') },
      'time._time_feature_combiner.bias': { variable: timestamps.weight('combiner.bias') },
    },
    forward(x) {
      const read = (layer: LearnedPositions, ids: Int32Array): tf.Tensor2D =>
        layer.apply(tf.tensor1d(ids, 'int32')) as tf.Tensor2D;
      const parts = [tf.mul(x, Math.sqrt(embeddingDim)), read(positions, places.positions), read(ages, places.ages)];
      const encoded = tf.addN(parts) as tf.Tensor2D;
      const clock = clockFeatures(times, periods, { turn: TURN, isRounded: true });
      const made = {
        l2: l2Normalize(encoded),
        layerNorm: norm.apply(encoded) as tf.Tensor2D,
        timestampLayerNorm: timestamps.apply([encoded, clock]) as tf.Tensor2D,
      };
      return { encoded, ...made, y: tf.addN(Object.values(made)) as tf.Tensor2D };
    },
  });
}
