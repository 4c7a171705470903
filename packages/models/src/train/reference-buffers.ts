import type { TensorBlocks } from '../io/safetensors-file.ts';

/**
 * State of the reference's models that is no weight: the causal mask, which `load_state_dict(strict=True)` asks for.
 */
const MASK = '_attn_mask';

/** Whether a tensor of a state dict is one of those that follow from the configuration. */
export function isReferenceBuffer(name: string): boolean {
  return name === MASK;
}

/**
 * The tensors beside the weights in the state dict of the public reference's model: `_attn_mask` `[n, n]`, true above
 * the diagonal, `n = maxSequenceLength + outputLength`. None for encoders that are not from there.
 *
 * Source: `HSTU` and `SASRec` of meta-recsys/generative-recommenders, `register_buffer("_attn_mask", ...)`.
 */
export function referenceBuffers(config: Readonly<Record<string, unknown>>): Map<string, TensorBlocks> {
  const { kind, block = 'research', maxSequenceLength, outputLength } = config;
  const known = kind === 'sasrec' || (kind === 'hstu' && block === 'research');
  if (!known || typeof maxSequenceLength !== 'number' || typeof outputLength !== 'number') return new Map();
  const n = maxSequenceLength + outputLength;
  function* blocks(): Generator<Uint8Array> {
    for (let row = 0; row < n; row++) yield Uint8Array.from({ length: n }, (_, column) => (column > row ? 1 : 0));
  }
  return new Map([[MASK, { dtype: 'BOOL', shape: [n, n], blocks }]]);
}
