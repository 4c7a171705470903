import * as tf from '@tensorflow/tfjs-core';
import type { FieldTables } from '../../features/field-tables.ts';
import { ExpertGate } from '../../layers/expert-gate.ts';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import type { Run } from '../../layers/layer.ts';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { rowTables } from '../row-tables.ts';
import { type LabelTowers, labelTowers } from '../towers-of-labels.ts';
import type { MmoeConfig } from './config.ts';

interface MmoeParts {
  readonly fields: FieldTables;
  readonly experts: readonly HiddenLayers[];
  readonly gates: readonly ExpertGate[];
  readonly towers: LabelTowers;
  /** The mixture of each label, `[B, H]`. */
  mixtures(x0: tf.Tensor2D, run: Run): tf.Tensor2D[];
}

/** The net of {@link createMmoe}. */
export function mmoeNet(config: MmoeConfig, { fields, labels, seed, stores }: NetOptions): RankerNet & MmoeParts {
  const { embeddingDim, expertHiddenSizes, gateHiddenSizes, towerHiddenSizes, dropout } = config;
  const tables = rowTables(config, { fields, seed, stores });
  const inputDim = fields.length * embeddingDim;
  const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  const experts = many(
    config.experts,
    (e) => new HiddenLayers({ inputDim, hiddenSizes: expertHiddenSizes, dropout, seed, stream: `experts.${e}` }),
  );
  const gates = many(
    labels,
    (l) =>
      new ExpertGate({
        inputDim,
        hiddenSizes: gateHiddenSizes,
        experts: config.experts,
        dropout,
        gateDropout: config.gateDropout,
        seed,
        stream: `gates.${l}`,
      }),
  );
  const towers = labelTowers(labels, { inputDim: experts[0].width, hiddenSizes: towerHiddenSizes, dropout, seed });
  const mixtures = (x0: tf.Tensor2D, run: Run): tf.Tensor2D[] => {
    const vectors = experts.map((expert) => expert.forward(x0, run));
    return gates.map((gate) => gate.mix(x0, vectors, run));
  };
  return {
    tables: [tables],
    net: [...experts, ...gates, ...towers.layers],
    fields: tables,
    experts,
    gates,
    towers,
    mixtures,
    logits: (columns, run) => tf.tidy(() => towers.logits(mixtures(tables.embed(columns), run), run)),
  };
}

/**
 * Multi-gate mixture of experts (MMoE): all labels share experts, and each has a gate over them. See the README of this
 * folder.
 *
 * @throws ConfigError as {@link createLr}.
 */
export function createMmoe(config: MmoeConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, mmoeNet);
}
