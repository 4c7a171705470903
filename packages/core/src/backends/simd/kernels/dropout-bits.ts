import { engine, type TensorInfo } from '@tensorflow/tfjs-core';
import type { DropoutAttrs } from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';

const BITS = 'elements that dropout left';

/**
 * Room for a bit for each of `count` elements, in runs of 32 words of the stream, kept with `y` for the backward pass;
 * 0 where nothing will read them.
 */
export function keepBits(
  backend: SimdBackend,
  y: TensorInfo,
  count: number,
  { rate, first }: Pick<DropoutAttrs, 'rate' | 'first'>,
): number {
  if (rate === 0 || engine().state.gradientDepth === 0) return 0;
  return backend.attach(y, Math.ceil(((first % 32) + count) / 32) * 4, BITS);
}

/** Where {@link keepBits} put them; 0 where it did not, and the elements are drawn again. */
export function keptBits(backend: SimdBackend, y: TensorInfo): number {
  return backend.attached(y, BITS) ?? 0;
}
