import type { NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';

/**
 * A counter-based random stream, from word `first` on: `k0`, `k1` and `step` are unsigned 32-bit integers, `first` a
 * whole number up to 2^52. Word `n` is word `n mod 4` of `philox4x32-10(counter = [m mod 2^32, floor(m / 2^32), step,
 * 0], key = [k0, k1])`, `m = floor(n / 4)`.
 */
export interface StreamAttrs {
  readonly k0: number;
  readonly k1: number;
  readonly step: number;
  readonly first: number;
}

/**
 * `y = x * mask / (1 - rate)`. Element `i` (row-major) is kept when word `first + i` is at least `floor(rate * 2^32)`.
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

/** int32 `[count]`: element `i` is `low + floor(u * bound / 2^32)`, `u` being word `first + i`. No gradient. */
export const UniformIntegers = 'UniformIntegers';
export interface UniformIntegersAttrs extends StreamAttrs {
  readonly count: number;
  readonly low: number;
  readonly bound: number;
}
