import type { NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';

/** Fields of a counter-based random stream; each an unsigned 32-bit integer. */
export interface StreamAttrs {
  readonly k0: number;
  readonly k1: number;
  readonly step: number;
}

/**
 * `y = x * mask / (1 - rate)`. Element `i` (row-major) is kept when word `i & 3` of
 * `philox4x32-10(counter = [i >>> 2, 0, step, 0], key = [k0, k1])` is at least `floor(rate * 2^32)`.
 */
export const Dropout = 'Dropout';
export interface DropoutInputs extends NamedTensorInfoMap {
  x: TensorInfo;
}
export interface DropoutAttrs extends StreamAttrs {
  readonly rate: number;
}
/** `Dropout` of `dy` with the mask of the call that returned `y`. */
export const DropoutGrad = 'DropoutGrad';
export interface DropoutGradInputs extends NamedTensorInfoMap {
  y: TensorInfo;
  dy: TensorInfo;
}

/**
 * int32 `[count]`: element `i` is `low + floor(u * bound / 2^32)`, `u` word `i & 3` of
 * `philox4x32-10([i >>> 2, 0, step, 0], [k0, k1])`. No gradient.
 */
export const UniformIntegers = 'UniformIntegers';
export interface UniformIntegersAttrs extends StreamAttrs {
  readonly count: number;
  readonly low: number;
  readonly bound: number;
}
