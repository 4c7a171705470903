// Models whose state grows, and histories for them.
import { integers, normals, streamKey } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { batchOfEvents, fullPass } from '../serve/full-pass.ts';
import type { UserEvent } from '../serve/scorer.ts';
import { tinyConfigs } from './tiny.ts';

export const NUM_ITEMS = 40;
const { hstu, sasrec, transformer, ligr, gru4rec } = tinyConfigs;
const plusPlus = tinyConfigs['transformer-plus-plus'];

/** Every way of keeping state; histories of up to 24 events. */
export const configs: Readonly<Record<string, ModelConfigInput>> = Object.fromEntries(
  Object.entries({
    hstu: { ...hstu, relativeBias: 'position-time' },
    'hstu, positions': { ...hstu, relativeBias: 'position' },
    'hstu, rotary, seen': { ...hstu, relativeBias: 'rotary', normalizer: 'seen', dqk: 4 },
    'hstu, softmax': { ...hstu, attention: 'softmax', relativeBias: 'none' },
    'hstu, production block': { ...hstu, block: 'production', inputEncoding: 'position', relativeBias: undefined },
    'hstu, window': { ...hstu, maxAttentionLength: 3, globalAttentionLength: 2 },
    'hstu, summed actions': { ...hstu, actions: 'sum' },
    'hstu, interleaved': { ...hstu, actions: 'interleave' },
    sasrec,
    transformer,
    ligr,
    'transformer-plus-plus': plusPlus,
    gru4rec,
    'fuxi-alpha': tinyConfigs['fuxi-alpha'],
    'fuxi-alpha, positions': tinyConfigs['fuxi-alpha-positions'],
    pinnerformer: tinyConfigs.pinnerformer,
  }).map(([name, config]) => [name, { ...config, maxSequenceLength: 24 } as ModelConfigInput]),
);

/** A model whose weights are far from small, so that a mistake shows. */
export function modelOf(name: string, changes: object = {}): TokenEncoder {
  const model = createModel({ ...configs[name], ...changes } as ModelConfigInput, { numItems: NUM_ITEMS, seed: 3 });
  let stream = 0;
  for (const variable of model.variables().values()) {
    const noise = Float32Array.from(normals(streamKey(7, 'weights'), stream++, variable.size), (x) => 0.2 * x);
    tf.tidy(() => variable.assign(tf.add(variable, tf.tensor(noise, variable.shape))));
  }
  return model;
}

export function historyOf(seed: number, length: number): UserEvent[] {
  const draws = integers(streamKey(seed, 'history'), 0, 3 * length, 0, 2 ** 20);
  let time = 1_000_000_000;
  return Array.from({ length }, (_, i) => {
    time += draws[3 * i] % 4 === 0 ? 0 : 3 ** (draws[3 * i] % 13);
    return { item: 1 + (draws[3 * i + 1] % NUM_ITEMS), time, rating: 0.5 + (draws[3 * i + 2] % 10) / 2 };
  });
}

/** The names of those whose state can grow. */
export const growing = Object.keys(configs).filter((name) => name !== 'pinnerformer');

/** The vector by one pass over all events, of the latest `n`. */
export const vectorOf = (
  model: TokenEncoder,
  history: readonly UserEvent[],
  at: number,
  n = model.maxSequenceLength,
): Promise<Float32Array> => fullPass(model, history.slice(-n), at);

/** Logits of the action of the last event, of which only the content is known. */
export function lastActions(model: TokenEncoder, events: readonly UserEvent[]): Float32Array {
  const batch = uploadBatch(batchOfEvents(events, 1.9e9));
  const values = tf.tidy(() => {
    const found = model.encodeWithActions?.(batch, { training: false, step: 0, seed: 0 });
    return tf
      .slice(found?.actionLogits as tf.Tensor2D, [events.length - 1, 0], [1, -1])
      .dataSync()
      .slice() as Float32Array;
  });
  batch.dispose();
  return values;
}
