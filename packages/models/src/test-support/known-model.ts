import * as tf from '@tensorflow/tfjs-core';
import type { EncoderBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';

/** A model without weights: vectors and what it makes of a batch are given. */
export function knownModel(
  itemRows: readonly (readonly number[])[],
  encode: (batch: EncoderBatch) => readonly (readonly number[])[],
  rest: Partial<TokenEncoder> = {},
): TokenEncoder {
  const refuse = (): never => {
    throw new Error('knownModel: expected to be asked for vectors alone');
  };
  return {
    kind: 'known',
    config: { kind: 'known' },
    numItems: itemRows.length - 1,
    maxSequenceLength: 8,
    encode: (batch) => tf.tensor2d(encode(batch).map((row) => [...row])),
    itemVectors: () => tf.tensor2d(itemRows.map((row) => [...row])),
    itemTable: refuse,
    tables: () => new Map(),
    withItemRows: refuse,
    variables: () => new Map(),
    dispose: () => undefined,
    ...rest,
  };
}

/** Unit vectors around the circle, a different one for every number. */
export function onCircle(angle: number): [number, number] {
  return [Math.cos(angle), Math.sin(angle)];
}
