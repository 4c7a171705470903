import type { NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { DropoutAttrs } from './random.ts';

/** `y = x * sigmoid(x)`; any shape. Grad: `dx = dy * s * (1 + x * (1 - s))`, `s = sigmoid(x)`. */
export const Silu = 'Silu';
export interface SiluInputs extends NamedTensorInfoMap {
  x: TensorInfo;
}
export const SiluGrad = 'SiluGrad';
export interface SiluGradInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  dy: TensorInfo;
}

/**
 * Splits columns and applies SiLU: `y_i = silu(z[:, block i])`. `z` is `[T, E]`, the blocks have the widths `sizes`
 * (their sum is E), output `i` is `[T, sizes[i]]`. The first step of an HSTU layer, in one pass over `z`.
 */
export const SiluSplit = 'SiluSplit';
export interface SiluSplitInputs extends NamedTensorInfoMap {
  z: TensorInfo;
}
export interface SiluSplitAttrs {
  readonly sizes: readonly number[];
}
/** Inputs `z` and `dy0`, `dy1`, ... (one an output); output `dz [T, E]`. */
export const SiluSplitGrad = 'SiluSplitGrad';

/**
 * The whole way into an HSTU layer: `y_i = silu(layerNorm(x) w)[:, block i]`, `x [T, D]`, `w [D, E]`, norm without
 * affine part, blocks of the widths `sizes`. Outputs `y_0, y_1, ...` and last `x` itself, for the residual sum.
 */
export const NormSiluSplit = 'NormSiluSplit';
export interface NormSiluSplitInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  w: TensorInfo;
}
export interface NormSiluSplitAttrs extends NormAttrs {
  readonly sizes: readonly number[];
}
/**
 * Inputs `x`, `w`, the output `y0`, and `dy0`, `dy1`, ... (one an output, that of the passed-on `x` last); outputs
 * `[dx, dw]`, where `dx` includes the gradient of the passed-on `x`.
 */
export const NormSiluSplitGrad = 'NormSiluSplitGrad';

/**
 * The last step of an HSTU layer before its linear map: `y = dropout(u * layerNorm(x))`, all of shape `[.., D]`, the
 * norm over the last axis without affine part. The mask is that of `Dropout` on `y`; rate 0 leaves it out.
 */
export const GatedNorm = 'GatedNorm';
export interface GatedNormInputs extends NamedTensorInfoMap {
  u: TensorInfo;
  x: TensorInfo;
}
export interface GatedNormAttrs extends DropoutAttrs {
  readonly epsilon: number;
}
/** Outputs `[du, dx]`. */
export const GatedNormGrad = 'GatedNormGrad';
export interface GatedNormGradInputs extends GatedNormInputs {
  dy: TensorInfo;
}

/**
 * The whole way out of an HSTU layer: `out = dropout(u * layerNorm(x)) w^T + b + residual`, u and x `[T, C]`, w
 * `[D, C]`, b `[D]`, residual and out `[T, D]`. The mask is that of {@link GatedNorm}.
 */
export const GatedNormLinear = 'GatedNormLinear';
export interface GatedNormLinearInputs extends GatedNormInputs {
  w: TensorInfo;
  b: TensorInfo;
  residual: TensorInfo;
}
/** `y` is what the forward pass returned. Outputs `[du, dx, dw, db]`; the gradient of the residual is dy itself. */
export const GatedNormLinearGrad = 'GatedNormLinearGrad';
export interface GatedNormLinearGradInputs extends GatedNormGradInputs {
  w: TensorInfo;
  y: TensorInfo;
}

/**
 * A linear map with what comes before and after it, `y = dropout(act(n w^T + b)) + residual`, `n = layerNorm(x)`
 * where `epsilon` is not 0, else `x`: `x [T, D]`, `w [E, D]`, `b [E]` or empty, `residual
 * [T, E]` or empty, empty where there is an activation. The mask is that of `Dropout` on `y`; rate 0 leaves it
 * out. Outputs: `y` by its columns in blocks of the widths `sizes` (their sum is E); more than one only of a
 * map that nothing follows.
 */
export const LinearLayer = 'LinearLayer';
export interface LinearLayerInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  w: TensorInfo;
  b: TensorInfo;
  residual: TensorInfo;
}
/** `gelu` is the tanh form, `x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`. */
export type LinearActivation = 'none' | 'relu' | 'gelu';
export interface LinearLayerAttrs extends DropoutAttrs {
  readonly activation: LinearActivation;
  readonly sizes: readonly number[];
  /** Whether `n` is passed on as the last output. */
  readonly skip: boolean;
  /** Of the layer norm; 0: none. */
  readonly epsilon: number;
}
/**
 * Inputs `x`, `w`, `b`, the first output `y` (`b` and `y` are read where there is an activation) and `dy0`,
 * `dy1`, ... (one an output, that of a passed-on `n` last); outputs `[dx, dw, db]`, where `dx` includes the gradient
 * of the passed-on `n`. The gradient of the residual is dy itself.
 */
export const LinearLayerGrad = 'LinearLayerGrad';

/** `y = (x - mean) / sqrt(var + epsilon)` over the last axis, biased variance, no affine part. */
export const LayerNorm = 'LayerNorm';
export interface LayerNormInputs extends NamedTensorInfoMap {
  x: TensorInfo;
}
export interface NormAttrs {
  readonly epsilon: number;
}
export const LayerNormGrad = 'LayerNormGrad';
export interface LayerNormGradInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  dy: TensorInfo;
}

/** `y = x / max(||x||_2, epsilon)` over the last axis. */
export const L2Normalize = 'L2Normalize';
export interface L2NormalizeInputs extends NamedTensorInfoMap {
  x: TensorInfo;
}
export const L2NormalizeGrad = 'L2NormalizeGrad';
export interface L2NormalizeGradInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  dy: TensorInfo;
}

/** `y = x / sqrt(mean(x^2) + epsilon)` over the last axis, no gain. */
export const RmsNorm = 'RmsNorm';
export interface RmsNormInputs extends NamedTensorInfoMap {
  x: TensorInfo;
}
export const RmsNormGrad = 'RmsNormGrad';
export interface RmsNormGradInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  dy: TensorInfo;
}

/**
 * Tokens of events: `y_t = dropout(scale table[ids_t] + places[positions_t])`; where `places` and `positions` are
 * empty, `dropout(scale table[ids_t])`. The mask is that of `Dropout` on `y`; rate 0 leaves it out.
 */
export const EmbedTokens = 'EmbedTokens';
export interface EmbedTokensInputs extends NamedTensorInfoMap {
  table: TensorInfo;
  ids: TensorInfo;
  places: TensorInfo;
  positions: TensorInfo;
}
export interface EmbedTokensAttrs extends DropoutAttrs {
  readonly scale: number;
}
/** Inputs as above, the output `y` and `dy`; outputs `[dTable, dPlaces]`, the second empty without places. */
export const EmbedTokensGrad = 'EmbedTokensGrad';
