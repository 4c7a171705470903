import * as tf from '@tensorflow/tfjs-core';
import { HiddenLayers, type HiddenLayersArgs } from '../layers/hidden-layers.ts';
import type { Run } from '../layers/layer.ts';

/** Hidden layers of its own for each label, `towers.l`, each to one logit. */
export interface LabelTowers {
  readonly layers: readonly HiddenLayers[];
  /** Logits `[B, L]` from a vector a label, each `[B, H]`. */
  logits(vectors: readonly tf.Tensor2D[], run: Run): tf.Tensor2D;
}

/** @param of what all towers have. */
export function labelTowers(labels: number, of: Omit<HiddenLayersArgs, 'stream' | 'outputDim'>): LabelTowers {
  const layers = Array.from({ length: labels }, (_, l) => {
    return new HiddenLayers({ ...of, outputDim: 1, stream: `towers.${l}` });
  });
  return {
    layers,
    logits: (vectors, run) =>
      tf.tidy(() => {
        const logits = layers.map((tower, l) => tower.forward(vectors[l], run));
        return logits.length === 1 ? logits[0] : tf.concat2d(logits, 1);
      }),
  };
}
