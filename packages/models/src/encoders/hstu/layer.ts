import {
  causalAttention,
  gatedNormLinear,
  hstuAttention,
  knownHostValues,
  linearBlocks,
  linearLayer,
  normSiluSplit,
  silu,
  siluSplit,
} from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { oneEach } from '../../layers/attention.ts';
import {
  inputList,
  type LastRows,
  type LayerArgs,
  type Run,
  runOf,
  StreamLayer,
  type WeightSpec,
} from '../../layers/layer.ts';
import { normedMap } from '../../layers/normed-map.ts';
import { type Rotation, rotate } from '../../layers/rotary.ts';
import { smallStart } from '../../layers/small-start.ts';
import { type HstuSwitches, hstuBlocks } from './blocks.ts';
import type { HstuConfig } from './config.ts';
import { attentionMask, type HstuMask, maskKeys } from './mask.ts';
import { EPSILON, normedInput, normWeights, outputInput, readsGatedNorm } from './norms.ts';

export interface HstuLayerArgs
  extends LayerArgs,
    Pick<HstuConfig, 'embeddingDim' | 'numHeads' | 'dqk' | 'dv' | 'numTimeBuckets' | 'attention' | 'initialStd'>,
    HstuMask,
    Partial<LayerSwitches> {
  /** `n`: constant normaliser and reach of the position bias. */
  readonly paddedLength: number;
  /**
   * So many first tokens of each sequence say who asks: they see each other and the whole history. Default 0. What
   * comes after the history, `numTargets` of the run, sees it and itself.
   */
  readonly contextualLength?: number;
}

/** Switches that concern the layer; absent: those of the research block. */
export type LayerSwitches = Omit<HstuSwitches, 'inputEncoding'>;

/**
 * One HSTU block over packed tokens.
 *
 * ```
 * U, V, Q, K = split(silu(LN(X) W_uvqk))                 blocks of H*C, H*C, H*A, H*A columns, head-major
 * O = concat_h( silu(Q_h K_h^T + bias) / n, causal, V_h )
 * Y = dropout(U * LN(O)) W_o^T + b_o + X                 LN over all H*C columns, no affine part, epsilon 1e-6
 * ```
 *
 * Inputs: `[x [T, D], offsets int32 [B + 1]]`, and `queryTimes`, `keyTimes` int32 `[T]` (seconds) with the
 * time bias, or `cosine`, `sine` `[T, H A]` with rotary positions, or `seen` `[T, 1]` last with that
 * normaliser. Output `[T, D]`.
 *
 * Switches change one thing each: {@link HstuSwitches}. The formula is that of the research block.
 *
 * Source: Zhai et al. 2024, eq. 1-3 (arXiv:2402.17152), in the form of the published research code.
 * Differs from the paper in: the normaliser `1/n` and the output bias `b_o`, which the formulas do not show.
 */
export class HstuLayer extends StreamLayer implements LastRows {
  static className = 'SeqrecHstuLayer';
  readonly args: HstuLayerArgs;
  private readonly switches: LayerSwitches;

  constructor(args: HstuLayerArgs) {
    super(args);
    this.args = args;
    this.switches = { ...hstuBlocks.research, ...given(args) };
  }

  protected weightSpecs(): WeightSpec[] {
    const { embeddingDim: d, numHeads: h, dqk, dv, paddedLength: n, numTimeBuckets } = this.args;
    const { relativeBias, gate, concat, projectionBias, projectionInit, outputBias } = this.switches;
    const small = { kind: 'normal', standardDeviation: 0.02 } as const;
    const columns = (gate ? 2 : 1) * h * dv + 2 * h * dqk;
    const outputs = (concat ? 3 : 1) * h * dv;
    const norms = normWeights(this.switches, { embeddingDim: d, numHeads: h, dv });
    const specs: WeightSpec[] = [...norms.input];
    const initialization = projectionInit === 'normal' ? small : ({ kind: projectionInit } as const);
    const sizes = [...(gate ? [h * dv] : []), h * dv, h * dqk, h * dqk];
    specs.push({ name: 'uvqk', shape: [d, columns], initialization, blocks: { axis: 1, sizes }, isInOut: true });
    if (projectionBias) specs.push({ name: 'uvqk.bias', shape: [columns], initialization: { kind: 'zeros' } });
    if (relativeBias === 'position-time')
      specs.push({ name: 'ts_w', shape: [numTimeBuckets + 1], initialization: small });
    if (relativeBias === 'position' || relativeBias === 'position-time')
      specs.push({ name: 'pos_w', shape: [2 * n - 1], initialization: small });
    specs.push(...norms.output);
    const { map, bias } = smallStart(this.args.initialStd);
    specs.push({ name: 'o.weight', shape: [d, outputs], initialization: map ?? { kind: 'xavier-uniform' } });
    if (outputBias) {
      const limit = 1 / Math.sqrt(outputs);
      specs.push({ name: 'o.bias', shape: [d], initialization: bias ?? { kind: 'uniform', limit } });
    }
    return specs;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    const [x, offsets, ...context] = inputList(inputs) as [tf.Tensor2D, tf.Tensor1D, ...tf.Tensor[]];
    const run = runOf(kwargs);
    return tf.tidy(() => this.forward(x, offsets, this.contextOf(context), run));
  }

  /** The inputs after the offsets, by what the switches make of them. */
  private contextOf(inputs: readonly tf.Tensor[]): Context {
    const { relativeBias, normalizer } = this.switches;
    const [first, second] = inputs;
    return {
      ...(relativeBias === 'rotary' ? { rotation: { cosine: first, sine: second } as Rotation } : {}),
      ...(relativeBias === 'position-time' ? { times: { queryTimes: first, keyTimes: second } as Times } : {}),
      ...(normalizer === 'seen' ? { seen: inputs.at(-1) } : {}),
    };
  }

  private forward(x: tf.Tensor2D, offsets: tf.Tensor1D, context: Context, run: Run): tf.Tensor2D {
    const { u, v, q, k, skip } = this.projected(x);
    const { rotation } = context;
    const turned = (y: tf.Tensor): tf.Tensor =>
      rotation === undefined ? y : rotate(y as tf.Tensor2D, this.args.numHeads, rotation);
    const heads = { q: this.heads(turned(q)), k: this.heads(turned(k)), v: this.heads(v) };
    return this.project(u, this.attend(heads, offsets, context, { run }), skip, run);
  }

  /** U, V, Q, K, in one pass where the norm, the projection and SiLU are as published. */
  private projected(x: tf.Tensor2D): Split & { readonly skip: tf.Tensor2D } {
    const { activation, affineNorms, projectionBias } = this.switches;
    if (activation !== 'uvqk' && affineNorms) return { ...this.gated(this.mappedNorm(x)), skip: x };
    if (activation !== 'uvqk' || affineNorms || projectionBias) {
      return { ...this.split(this.mixed(this.normed(x))), skip: x };
    }
    const { blocks, skip } = normSiluSplit(x, this.weight('uvqk') as tf.Tensor2D, this.sizes(), { epsilon: EPSILON });
    return { ...named(blocks), skip };
  }

  /** The blocks of the first projection in one pass, the norm and its gain among it. */
  private mappedNorm(x: tf.Tensor2D): tf.Tensor[] {
    const map = normedMap({
      w: tf.transpose(this.weight('uvqk') as tf.Tensor2D),
      ...(this.switches.projectionBias && { b: this.weight('uvqk.bias') as tf.Tensor1D }),
      gain: this.weight('input_norm.weight') as tf.Tensor1D,
      bias: this.weight('input_norm.bias') as tf.Tensor1D,
      epsilon: EPSILON,
    });
    return linearBlocks({ x, ...map }, this.sizes());
  }

  private normed(x: tf.Tensor2D): tf.Tensor2D {
    return normedInput(x, this.switches, (name) => this.weight(name));
  }

  /** The first projection, `[T, D]` to all columns of U, V, Q, K. */
  private mixed(x: tf.Tensor2D): tf.Tensor2D {
    const weight = this.weight('uvqk') as tf.Tensor2D;
    if (!this.switches.projectionBias) return tf.matMul(x, weight) as tf.Tensor2D;
    return tf.fused.matMul({ a: x, b: weight, bias: this.weight('uvqk.bias') }) as tf.Tensor2D;
  }

  /** The columns of the first projection, with SiLU where it acts; no U without a gate. */
  private split(mixed: tf.Tensor2D): Split {
    const sizes = this.sizes();
    if (this.switches.activation === 'uvqk') return named(siluSplit(mixed, sizes));
    return this.gated(tf.split(mixed, sizes, 1));
  }

  /** Blocks of the first projection by name, SiLU on U where it acts there alone. */
  private gated(blocks: readonly tf.Tensor[]): Split {
    const { u, ...rest } = named(blocks);
    return { u: u !== undefined && this.switches.activation === 'u' ? silu(u) : u, ...rest };
  }

  /** Widths of U (with a gate), V, Q, K. */
  private sizes(): number[] {
    const { numHeads: h, dqk, dv } = this.args;
    return [...(this.switches.gate ? [h * dv] : []), h * dv, h * dqk, h * dqk];
  }

  /** U and Q of the last tokens, K and V of all. */
  last(inputs: readonly tf.Tensor[], rows: tf.Tensor1D): tf.Tensor2D {
    if (!this.asPublished()) return tf.tidy(() => tf.gather(this.apply([...inputs]) as tf.Tensor2D, rows));
    const [x, offsets, queryTimes, keyTimes] = inputs as [tf.Tensor2D, ...tf.Tensor1D[]];
    const { numHeads: h, embeddingDim: d, dqk, dv } = this.args;
    const weight = this.weight('uvqk') as tf.Tensor2D;
    return tf.tidy(() => {
      const sizes = [h * dv, h * dv, h * dqk, h * dqk];
      const newest = normSiluSplit(tf.gather(x, rows), weight, sizes, { epsilon: EPSILON });
      const valueKey = tf.concat(
        [tf.slice(weight, [0, h * dv], [d, h * dv]), tf.slice(weight, [0, 2 * h * dv + h * dqk], [d, h * dqk])],
        1,
      );
      const [v, k] = normSiluSplit(x, valueKey, [h * dv, h * dqk], { epsilon: EPSILON }).blocks;
      const [u, , q] = newest.blocks;
      const times = queryTimes === undefined ? undefined : { queryTimes: timesAt(queryTimes, rows), keyTimes };
      const heads = { q: this.heads(q), k: this.heads(k), v: this.heads(v) };
      const queryOffsets = oneEach(rows.shape[0]);
      const attended = this.attend(heads, offsets, { times }, { queryOffsets });
      return this.project(u, attended, newest.skip, runOf(undefined));
    });
  }

  /** Whether the first projection and the mask are as published: the short way to the last rows knows no other. */
  private asPublished(): boolean {
    const { relativeBias, normalizer, activation, gate, projectionBias, affineNorms } = this.switches;
    const usual = relativeBias !== 'rotary' && normalizer === 'padded' && activation === 'uvqk';
    return usual && gate && !projectionBias && !affineNorms && attentionMask(this.args).mask === undefined;
  }

  /** `[rows, H W]` as `[rows, H, W]`. */
  private heads(x: tf.Tensor): tf.Tensor3D {
    const { numHeads } = this.args;
    return tf.reshape(x, [-1, numHeads, (x.shape[1] as number) / numHeads]);
  }

  /** From the attention to the block's output. */
  private project(u: tf.Tensor | undefined, attended: tf.Tensor3D, x: tf.Tensor2D, run: Run): tf.Tensor2D {
    const { numHeads: h, dv } = this.args;
    const width = (this.switches.concat ? 3 : 1) * h * dv;
    const drop = this.dropOptions(this.switches.linearDropout, 'linear', run, width);
    const o = tf.reshape(attended, [-1, h * dv]) as tf.Tensor2D;
    const w = this.weight('o.weight') as tf.Tensor2D;
    const b = this.switches.outputBias ? (this.weight('o.bias') as tf.Tensor1D) : undefined;
    if (u !== undefined && b !== undefined && readsGatedNorm(this.switches)) {
      return gatedNormLinear({ u: u as tf.Tensor2D, x: o, w, b, residual: x, epsilon: EPSILON, dropout: drop });
    }
    const parts = { u: u as tf.Tensor2D | undefined, attended: o };
    const read = outputInput(parts, { ...this.switches, numHeads: h, drop }, (name) => this.weight(name));
    return linearLayer({ x: read, w, b, residual: x });
  }

  /** Of all tokens, of those at `queryOffsets`, or of those of a pass that adds to what the run remembers. */
  private attend(
    { q, k, v }: Heads,
    offsets: tf.Tensor1D,
    { times, seen }: Context,
    { run, queryOffsets }: { readonly run?: Run; readonly queryOffsets?: Int32Array },
  ): tf.Tensor3D {
    const { attention, dqk, paddedLength } = this.args;
    const { relativeBias, normalizer, attentionScale } = this.switches;
    const all = { k, v, offsets, ...(queryOffsets && { queryOffsets }) };
    const keys = run?.memory?.keys(this.stream, all) ?? all;
    const asked = { q, ...keys, ...attentionMask({ ...this.args, numTargets: run?.numTargets }) };
    if (attention === 'softmax') {
      return causalAttention({ ...asked, scale: 1 / Math.sqrt(dqk) });
    }
    const usesBias = relativeBias === 'position' || relativeBias === 'position-time';
    const positionWeights = usesBias ? (this.weight('pos_w') as tf.Tensor1D) : undefined;
    const time = times === undefined ? undefined : { timeWeights: this.weight('ts_w') as tf.Tensor1D, ...times };
    const bias = positionWeights && { positionWeights, ...(time && { time }) };
    const out = hstuAttention({
      ...asked,
      normalizer: normalizer === 'padded' ? paddedLength : 1,
      ...(attentionScale === 'one'
        ? {}
        : { scale: attentionScale === 'inverse-sqrt' ? 1 / Math.sqrt(dqk) : attentionScale }),
      ...(bias && { bias }),
    });
    return seen === undefined ? out : (tf.div(out, tf.reshape(seen, [-1, 1, 1])) as tf.Tensor3D);
  }

  override computeOutputShape(inputShape: (number | null)[] | (number | null)[][]): (number | null)[] {
    return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, numHeads, dqk, dv, numTimeBuckets, attention, paddedLength } = this.args;
    const own = { embeddingDim, numHeads, dqk, dv, numTimeBuckets, attention, paddedLength };
    const keys = [...maskKeys, 'contextualLength', 'initialStd'] as const;
    const given = keys.filter((key) => this.args[key] !== undefined).map((key) => [key, this.args[key]]);
    return { ...super.getConfig(), ...own, ...this.switches, ...Object.fromEntries(given) };
  }
}
tf.serialization.registerClass(HstuLayer);

/** Times of some tokens, on the host where they are known: a gather on a GPU goes through floats. */
function timesAt(times: tf.Tensor1D, rows: tf.Tensor1D): tf.Tensor1D {
  const [values, at] = [knownHostValues(times), knownHostValues(rows)];
  if (values === undefined || at === undefined) return tf.gather(times, rows);
  return tf.tensor1d(
    Int32Array.from(at, (row) => values[row]),
    'int32',
  );
}

/** The blocks of the first projection by name; U is absent without a gate. */
function named(blocks: readonly tf.Tensor[]): Split {
  const [k, q, v, u] = [...blocks].reverse();
  return { u, v, q, k };
}

/** The switches among the arguments that are there. */
function given(args: Partial<LayerSwitches>): Partial<LayerSwitches> {
  const known = Object.keys(hstuBlocks.research).filter((key) => key !== 'inputEncoding') as (keyof LayerSwitches)[];
  return Object.fromEntries(known.filter((key) => args[key] !== undefined).map((key) => [key, args[key]]));
}

interface Heads {
  readonly q: tf.Tensor3D;
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
}

interface Times {
  readonly queryTimes: tf.Tensor1D;
  readonly keyTimes: tf.Tensor1D;
}

interface Context {
  readonly times?: Times;
  readonly rotation?: Rotation;
  /** `[T, 1]`: keys that each query sees, itself included. */
  readonly seen?: tf.Tensor;
}

interface Split {
  readonly u: tf.Tensor | undefined;
  readonly v: tf.Tensor;
  readonly q: tf.Tensor;
  readonly k: tf.Tensor;
}
