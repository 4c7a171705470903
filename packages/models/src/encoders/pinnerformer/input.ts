import { embedding } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { InputStage } from '../../encoder.ts';
import { ActionEmbedding, HALF_STARS, logDurations, ratingActions, ratingBuckets } from '../../layers/actions.ts';
import { LearnedPositions } from '../../layers/embeddings.ts';
import { dropAt, type NamedLayer, type Run } from '../../layers/layer.ts';
import { fromNewest } from '../../layers/places.ts';
import { Projection } from '../../layers/projection.ts';
import type { PinnerformerConfig } from './config.ts';
import { TimeEncoder } from './time-encoder.ts';
import { ABSOLUTE_PERIODS, eventTimes, RELATIVE_PERIODS, timeFeatures } from './time-features.ts';

const TIMES = { absolute: ABSOLUTE_PERIODS, age: RELATIVE_PERIODS, gap: RELATIVE_PERIODS } as const;
type TimeName = keyof typeof TIMES;

/**
 * What the item table is multiplied by, for the input and for the item network. The table is kept small, as
 * in the other encoders, and used at length of about one: Adam moves every number by the same step, so that
 * small numbers learn faster.
 */
export function itemScale(config: PinnerformerConfig): number {
  return Math.sqrt(itemWidth(config));
}

/** Width of the item table. */
export function itemWidth({ itemDim, embeddingDim }: PinnerformerConfig): number {
  return itemDim ?? embeddingDim;
}

/**
 * The input of PinnerFormer: `V0 = [item, action, duration, time] W_in + b_in + PE`, positions counted from the newest
 * event, then dropout. `W_in` is kept in blocks, one per group of features, so that each starts at a scale of its own.
 */
export function pinnerformerInput(config: PinnerformerConfig, seed: number): InputStage {
  const { modelDim, maxSequenceLength } = config;
  const stream = (name: string): { seed: number; stream: string } => ({ seed, stream: `pinnerformer.${name}` });
  const itemMap = new Projection({ inputDim: itemWidth(config), outputDim: modelDim, ...stream('item_in') });
  const positions = new LearnedPositions({
    numPositions: maxSequenceLength,
    embeddingDim: modelDim,
    initialization: { kind: 'truncated-normal', standardDeviation: Math.sqrt(1 / modelDim) },
    ...stream('positions'),
  });
  const time = config.time ? timePart(modelDim, stream) : undefined;
  const action = config.actions === 'none' ? undefined : actionPart(config, stream);
  const duration = config.duration === 'none' ? undefined : durationPart(modelDim, stream);
  const scale = itemScale(config);
  return {
    layers: [
      { layer: positions, names: { weight: 'input.positions.weight' } },
      { layer: itemMap, names: { weight: 'input.item.weight', bias: 'input.item.bias' } },
      ...(action?.layers ?? []),
      ...(duration?.layers ?? []),
      ...(time?.layers ?? []),
    ],
    limit: maxSequenceLength,
    embed(table, batch, run) {
      const vectors = tf.mul(embedding(table, batch.itemIds), scale);
      const parts = [itemMap.apply(vectors), positions.apply(tf.tensor1d(fromNewest(batch.host.offsets), 'int32'))];
      for (const part of [action, duration, time]) if (part !== undefined) parts.push(part.embed(batch.host, run));
      return dropAt(tf.addN(parts as tf.Tensor2D[]), config.inputDropout, 'input', run);
    },
  };
}

type Streams = (name: string) => { seed: number; stream: string };

interface FeaturePart {
  readonly layers: readonly NamedLayer[];
  embed(host: SequenceBatch, run: Run): tf.Tensor2D;
}

function timePart(modelDim: number, stream: Streams): FeaturePart {
  const names = Object.keys(TIMES) as TimeName[];
  const encoders = names.map((name) => new TimeEncoder({ numPeriods: TIMES[name].length, ...stream(`time.${name}`) }));
  const columns = names.reduce((sum, name) => sum + 2 * TIMES[name].length + 1, 0);
  const map = new Projection({
    inputDim: columns,
    outputDim: modelDim,
    // 155 columns: at the scale of the other features they would drown the items.
    initialization: { kind: 'normal', standardDeviation: 0.02 },
    ...stream('time_in'),
  });
  return {
    layers: [
      ...names.map((name, i) => ({ layer: encoders[i], names: { phase: `input.time.${name}.phase` } })),
      { layer: map, names: { weight: 'input.time.weight', bias: 'input.time.bias' } },
    ],
    embed(host) {
      const times = eventTimes(host);
      const encoded = names.map((name, i) => encoders[i].encode(timeFeatures(times[name], TIMES[name])));
      return map.apply(tf.concat(encoded, 1)) as tf.Tensor2D;
    },
  };
}

function actionPart(config: PinnerformerConfig, stream: Streams): FeaturePart {
  const { modelDim, actionDim, actionBounds } = config;
  const rule = config.actions === 'buckets' ? ratingBuckets(actionBounds as number[]) : HALF_STARS;
  const table = new ActionEmbedding({ numActions: rule.numActions, actionDim, ...stream('actions') });
  const map = new Projection({ inputDim: actionDim, outputDim: modelDim, ...stream('action_in') });
  return {
    layers: [
      { layer: table, names: { weight: 'input.actions.weight' } },
      { layer: map, names: { weight: 'input.action.weight', bias: 'input.action.bias' } },
    ],
    embed: (host, run) => map.apply(table.apply(tf.tensor1d(ratingActions(host, run, rule), 'int32'))) as tf.Tensor2D,
  };
}

function durationPart(modelDim: number, stream: Streams): FeaturePart {
  const initialization = { kind: 'normal', standardDeviation: 0.02 } as const;
  const map = new Projection({ inputDim: 1, outputDim: modelDim, initialization, ...stream('duration_in') });
  return {
    layers: [{ layer: map, names: { weight: 'input.duration.weight', bias: 'input.duration.bias' } }],
    embed: (host, run) => map.apply(tf.tensor2d(logDurations(host, run), [host.itemIds.length, 1])) as tf.Tensor2D,
  };
}
