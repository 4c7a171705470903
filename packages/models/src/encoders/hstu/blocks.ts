/**
 * What can differ between HSTU layers. Every key changes one thing; a configuration sets a key, or leaves it to
 * the block that it names.
 */
export interface HstuSwitches {
  /** Learned bias of the scores per distance, and per bucket of the time difference; `rotary`: RoPE instead. */
  readonly relativeBias: 'none' | 'position' | 'position-time' | 'rotary';
  /** What SiLU weights are divided by. */
  readonly normalizer: 'padded' | 'seen' | 'none';
  /** Factor of `q k^T` before SiLU: one, `1 / sqrt(dqk)`, or a number. */
  readonly attentionScale: 'one' | 'inverse-sqrt' | number;
  /** Where SiLU acts after the first projection. */
  readonly activation: 'uvqk' | 'u' | 'none';
  /** Whether the first projection has a bias. */
  readonly projectionBias: boolean;
  /** Initial values of the first projection: normal 0.02, or xavier-uniform. */
  readonly projectionInit: 'normal' | 'xavier-uniform';
  /** Whether the two norms of a layer have a learned gain and bias. */
  readonly affineNorms: boolean;
  /** Norm of the attention's output: over all `H C` columns, over each head's, or root mean square. */
  readonly outputNorm: 'layer' | 'group' | 'rms';
  /** Whether the attention's output is multiplied by U. */
  readonly gate: boolean;
  /** What the output map reads: `U * N(O)`; `[U, N(O), U * N(O)]` (true); `[U, O, U * N(O)]` (`raw`). */
  readonly concat: boolean | 'raw';
  /** Whether the output map has a bias. */
  readonly outputBias: boolean;
  /** Dropout on what the output map reads. */
  readonly linearDropout: number;
  /** What is added to the item vectors: learned places from the oldest event, or places from the newest and its age. */
  readonly inputEncoding: 'position' | 'reverse-position-time';
}

/**
 * The layers that the published code has. `research`: of the public experiments (also the paper's figures).
 * `production`: the `STULayer` of the same repository, which ranks in production.
 *
 * Source: meta-recsys/generative-recommenders, `research/modeling/sequential/hstu.py` and `modules/stu.py` with its
 * `STULayerConfig` defaults.
 */
export const hstuBlocks: Readonly<Record<'research' | 'production', HstuSwitches>> = {
  research: {
    relativeBias: 'position-time',
    normalizer: 'padded',
    attentionScale: 'one',
    activation: 'uvqk',
    projectionBias: false,
    projectionInit: 'normal',
    affineNorms: false,
    outputNorm: 'layer',
    gate: true,
    concat: false,
    outputBias: true,
    linearDropout: 0.2,
    inputEncoding: 'position',
  },
  production: {
    relativeBias: 'none',
    normalizer: 'padded',
    attentionScale: 'inverse-sqrt',
    activation: 'u',
    projectionBias: true,
    projectionInit: 'xavier-uniform',
    affineNorms: true,
    outputNorm: 'layer',
    gate: true,
    concat: 'raw',
    outputBias: false,
    linearDropout: 0.3,
    inputEncoding: 'reverse-position-time',
  },
};

/** What {@link withSwitches} needs of a configuration. */
interface Switchable extends Partial<HstuSwitches> {
  readonly block: keyof typeof hstuBlocks;
  readonly attention: 'silu' | 'softmax';
}

/**
 * A configuration with every switch set: its own value, else that of its block. A softmax
 * always divides by `sqrt(dqk)`.
 */
export function withSwitches<C extends Switchable>(config: C): Omit<C, keyof HstuSwitches> & HstuSwitches {
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined)) as unknown as C;
  const scale = config.attention === 'softmax' ? ({ attentionScale: 'inverse-sqrt' } as const) : {};
  return { ...hstuBlocks[config.block], ...scale, ...given };
}
