import { integers, normals, offsetsOf, streamKey } from '@seqrec/core';
import { type SequenceBatch, sequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { PlainTensor } from '../../../test-support/plain-maths.ts';
import { type CodeSymbols, codeSymbols } from '../../code-symbols.ts';
import type { Generator } from '../../generator.ts';
import { type T5Config, type T5ConfigInput, t5ConfigSchema } from '../config.ts';
import { createT5 } from '../stack.ts';

/** Three levels of unequal sizes, so that one taken for another shows. */
const SIZES = [3, 4, 2];

/** Items `1..count` with codes of their own. */
export function someSymbols(count = 12, sizes: readonly number[] = SIZES): CodeSymbols {
  const total = sizes.reduce((product, size) => product * size, 1);
  // Every so many, so that no level runs through its codes in order.
  const of = (item: number): number => (item * 7 + 3) % total;
  const values = Array.from({ length: count }, (_, item) => {
    let left = of(item);
    return sizes.map((size) => {
      const code = left % size;
      left = Math.floor(left / size);
      return code;
    });
  });
  return codeSymbols({ count, sizes, values: Int32Array.from(values.flat()) });
}

/** Histories of some lengths over items `1..count`, each event with the one after it as its target. */
export function someHistories(lengths: readonly number[], count = 12, seed = 1): SequenceBatch {
  const items = lengths.map((length, b) => [...integers(streamKey(seed, `history ${b}`), 0, length + 1, 1, count)]);
  const itemIds = Int32Array.from(items.flatMap((own) => own.slice(0, -1)));
  return sequenceBatch({
    offsets: offsetsOf(lengths),
    itemIds,
    targets: Int32Array.from(items.flatMap((own) => own.slice(1))),
    timestamps: new Float64Array(itemIds.length),
  });
}

const tiny = { embeddingDim: 6, numHeads: 2, headDim: 3, ffnDim: 7, encoderBlocks: 2, decoderBlocks: 2 };
const close = { relativeBuckets: 6, maxDistance: 5, maxSequenceLength: 30, dropout: 0 };

export function tinyConfig(given: Partial<T5ConfigInput> = {}): T5Config {
  return t5ConfigSchema.parse({ kind: 't5', ...tiny, ...close, ...given });
}

/** A small model, weights far from where they start, and these weights on the host. */
export function drawnModel(config: T5Config, { count }: CodeSymbols, seed = 1) {
  const model: Generator = createT5(config, { numItems: count, seed });
  const weights: Record<string, PlainTensor> = {};
  for (const [name, variable] of model.variables()) {
    const drawn = normals(streamKey(seed, `drawn ${name}`), 0, variable.size);
    const isGain = name.includes('norm');
    const width = name.includes('bias') || name.includes('shared') || name.includes('embed') ? 1 : variable.shape[1];
    const data = Array.from(drawn, (value) =>
      Math.fround(isGain ? 1 + 0.3 * value : value / Math.sqrt(width as number)),
    );
    variable.assign(tf.tidy(() => tf.tensor(data, variable.shape)));
    weights[name] = { shape: variable.shape, data };
  }
  return { model, weights };
}

/** The rows of the codes of items. */
export function codesOf({ levels, ofItems }: CodeSymbols, items: Iterable<number>): number[] {
  return Array.from(items, (item) => [...ofItems.subarray(item * levels, (item + 1) * levels)]).flat();
}
