import type { TransformerConfig } from './config.ts';

/** What can differ between Transformer blocks; a configuration sets a key, or leaves it to the block that it names. */
export interface TransformerSwitches {
  /** Of the feed-forward part. */
  readonly activation: 'relu' | 'gelu' | 'swiglu';
  /** Whether a sub-layer is added times a gate, which reads what it is added to. */
  readonly gatedResidual: boolean;
  /** Whether the maps of the feed-forward part have biases. */
  readonly ffnBias: boolean;
  /** Dropout inside the feed-forward part. */
  readonly ffnDropout: number;
  /** Whether a norm follows the last block. */
  readonly finalNorm: boolean;
}

/**
 * A configuration with every switch set: its own value, else that of its block.
 *
 * Source of `ligr`: the defaults of `LiGRLayers` in MobileTeleSystems/RecTools,
 * `rectools/models/nn/transformers/ligr.py`.
 */
export function transformerSwitches(
  config: Partial<TransformerSwitches> & Pick<TransformerConfig, 'block' | 'blockDropout'>,
): TransformerSwitches {
  const isLigr = config.block === 'ligr';
  return {
    activation: config.activation ?? (isLigr ? 'swiglu' : 'relu'),
    gatedResidual: config.gatedResidual ?? isLigr,
    ffnBias: config.ffnBias ?? !isLigr,
    ffnDropout: config.ffnDropout ?? (isLigr ? config.blockDropout : 0),
    finalNorm: config.finalNorm ?? !isLigr,
  };
}
