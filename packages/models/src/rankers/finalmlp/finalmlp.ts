import * as tf from '@tensorflow/tfjs-core';
import { type FieldTables, fieldTables } from '../../features/field-tables.ts';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { BilinearFusion } from './bilinear.ts';
import type { FinalMlpConfig } from './config.ts';
import { type FeatureGate, featureGate } from './feature-gate.ts';

interface FinalMlpParts {
  readonly fields: FieldTables;
  /** Two, or none without feature selection. */
  readonly gates: readonly FeatureGate[];
  readonly streams: readonly [HiddenLayers, HiddenLayers];
  readonly fusion: BilinearFusion;
  /** What the streams give. */
  outputs: (...given: Parameters<RankerNet['logits']>) => tf.Tensor2D[];
}

/** The net of {@link createFinalmlp}. */
export function finalmlpNet(
  config: FinalMlpConfig,
  { fields, labels, seed, stores }: NetOptions,
): RankerNet & FinalMlpParts {
  const { embeddingDim: width, embeddingStd: standardDeviation, featureSelection, heads } = config;
  const shared = { fields, width, standardDeviation, scheme: config.tables, seed, stores };
  const tables = fieldTables({ ...shared, stream: 'fields' });
  const inputDim = fields.length * width;
  const gate = (key: 'context1' | 'context2'): FeatureGate =>
    featureGate({
      ...shared,
      context: config[key] ?? [],
      key,
      hiddenSizes: config.gateHiddenSizes ?? [64],
      stream: key,
    });
  const gates = featureSelection ? [gate('context1'), gate('context2')] : [];
  const stream = (mlp: 'mlp1' | 'mlp2'): HiddenLayers =>
    new HiddenLayers({
      inputDim,
      hiddenSizes: config[`${mlp}HiddenSizes`],
      activation: config[`${mlp}Activation`],
      dropout: config[`${mlp}Dropout`],
      seed,
      stream: mlp,
    });
  const streams = [stream('mlp1'), stream('mlp2')] as const;
  const [xDim, yDim] = streams.map((layers) => layers.width);
  const fusion = new BilinearFusion({ xDim, yDim, outputDim: labels, heads, seed, stream: 'fusion' });
  const outputs: FinalMlpParts['outputs'] = (columns, run) => {
    const x0 = tables.embed(columns);
    return streams.map((layers, s) =>
      layers.forward(featureSelection ? tf.mul(x0, gates[s].gates(columns, run)) : x0, run),
    );
  };
  return {
    tables: [tables, ...gates.flatMap(({ tables: own }) => own ?? [])],
    net: [...gates.flatMap(({ learned, layers }) => [...(learned ? [learned] : []), layers]), ...streams, fusion],
    fields: tables,
    gates,
    streams,
    fusion,
    outputs,
    logits: (columns, run) =>
      tf.tidy(() => {
        const [x, y] = outputs(columns, run);
        return fusion.forward(x, y);
      }),
  };
}

/**
 * FinalMLP: two streams of hidden layers on gated vectors, fused by a bilinear form. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}, and for a context that is no field.
 */
export function createFinalmlp(config: FinalMlpConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, finalmlpNet);
}
