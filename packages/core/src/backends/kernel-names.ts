/**
 * The contract of every fused kernel: name, inputs, attributes, outputs.
 *
 * A kernel is a TensorFlow.js kernel `(name, backend) -> function`; an op in `ops/` validates and runs it, the gradient
 * is registered once per name and runs the `...Grad` kernel. Letters: `B` sequences, `T` packed tokens (sum of
 * lengths), `H` heads, `A` query/key width, `C` value width, `D` model width, `R` negatives, `I` rows of the item
 * table. An optional input that is absent is an empty tensor of shape `[0]`, never `undefined`.
 */
export * from './contract/attention.ts';
export * from './contract/items.ts';
export * from './contract/layers.ts';
export * from './contract/random.ts';
