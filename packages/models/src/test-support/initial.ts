import type { ModelConfigInput } from '../registry.ts';

/** A documented distribution: shape of the density, and its deviation or limit. */
export type Initial =
  | { readonly kind: 'zeros' | 'ones' }
  | { readonly kind: 'normal' | 'truncated' | 'uniform'; readonly size: number };

export const zeros: Initial = { kind: 'zeros' };
export const ones: Initial = { kind: 'ones' };
export const normal = (size: number): Initial => ({ kind: 'normal', size });
export const truncated = (size: number): Initial => ({ kind: 'truncated', size });
export const uniform = (size: number): Initial => ({ kind: 'uniform', size });
export const xavierNormal = (into: number, out: number): Initial => normal(Math.sqrt(2 / (into + out)));
export const xavierUniform = (into: number, out: number): Initial => uniform(Math.sqrt(6 / (into + out)));

/** Width of the items of the documented models. */
export const D = 32;
export const documentedSizes = { embeddingDim: D, maxSequenceLength: 400, numBlocks: 2, learnedTemperature: true };
export const items = { '_embedding_module._item_emb.weight': truncated(0.02) };
export const temperature = { 'temperature.theta': zeros };
export const positions = (initial: Initial) => ({ '_input_features_preproc._pos_emb.weight': initial });
/** The same names for both blocks. */
export const blocks = (names: (i: number) => Record<string, Initial>): Record<string, Initial> => ({
  ...names(0),
  ...names(1),
});
export const prefixed = (prefix: string, names: Record<string, Initial>): Record<string, Initial> =>
  Object.fromEntries(Object.entries(names).map(([name, initial]) => [prefix + name, initial]));
export const map = (into: number, out: number) => ({ weight: xavierNormal(into, out), bias: zeros });
export const norm = { weight: ones, bias: zeros };
export const transformerBlock = (width: number, ffn: number): Record<string, Initial> => ({
  ...prefixed('norm1.', norm),
  in_proj_weight: xavierNormal(width, 3 * width),
  in_proj_bias: zeros,
  ...prefixed('out_proj.', map(width, width)),
  ...prefixed('norm2.', norm),
  ...prefixed('ffn.0.', map(width, ffn)),
  ...prefixed('ffn.2.', map(ffn, width)),
});
export const network = (into: number, hidden: number, out: number): Record<string, Initial> => ({
  ...prefixed('0.', map(into, hidden)),
  ...prefixed('2.', map(hidden, out)),
});

export interface Documented {
  readonly config: ModelConfigInput;
  /** Initial values of every weight, as docs/models says. */
  readonly initial: Readonly<Record<string, Initial>>;
}
