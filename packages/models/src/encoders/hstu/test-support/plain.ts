import {
  add,
  affine,
  dot,
  geluTanh,
  headOf,
  ITEMS,
  inOut,
  layerNorm,
  type PlainModel,
  type PlainSequence,
  type PlainTensor,
  POSITIONS,
  rootMeanSquareNorm,
  rotated,
  row,
  scale,
  silu,
  sum,
  type Weights,
} from '../../../test-support/plain-maths.ts';

/** A configuration of HSTU as people write it. */
export interface PlainHstuConfig {
  readonly embeddingDim: number;
  readonly maxSequenceLength: number;
  readonly outputLength?: number;
  readonly numBlocks: number;
  readonly numHeads: number;
  readonly dqk: number;
  readonly dv: number;
  readonly block?: 'research' | 'production';
  readonly numTimeBuckets?: number;
  readonly attention?: 'silu' | 'softmax';
  readonly actions?: 'none' | 'sum' | 'interleave';
  readonly ageBuckets?: number;
  readonly ageScale?: 'sqrt' | 'log';
  readonly maxAttentionLength?: number;
  readonly globalAttentionLength?: number;
  readonly minFullAttentionLength?: number;
  readonly relativeBias?: 'none' | 'position' | 'position-time' | 'rotary';
  readonly normalizer?: 'padded' | 'seen' | 'none';
  readonly attentionScale?: 'one' | 'inverse-sqrt' | number;
  readonly activation?: 'uvqk' | 'u' | 'none';
  readonly projectionBias?: boolean;
  readonly affineNorms?: boolean;
  readonly outputNorm?: 'layer' | 'group' | 'rms';
  readonly gate?: boolean;
  readonly concat?: boolean | 'raw';
  readonly outputBias?: boolean;
  readonly inputEncoding?: 'position' | 'reverse-position-time';
}

/** A token: its vector, the time of its event, and of what is asked for after it. */
interface Token {
  readonly vector: number[];
  readonly time: number;
  readonly queryTime: number;
}

/**
 * HSTU: `U, V, Q, K = split(silu(W LN(X)))`, `O = (silu(Q K^T + bias) / n) V` over earlier tokens,
 * `Y = X + W_o (U * LN(O)) + b_o`, and every published switch where the formula has it.
 *
 * Source: Zhai et al. 2024, equations 1 to 3; `research/modeling/sequential/hstu.py` and
 * `modules/stu.py` of the public code.
 */
export function plainHstu(config: PlainHstuConfig): PlainModel {
  const production = config.block === 'production';
  const interleaved = config.actions === 'interleave';
  const n = (interleaved ? 2 : 1) * config.maxSequenceLength + (config.outputLength ?? 11);
  return {
    encode(w, sequence) {
      const tokens = tokensOf(config, w, sequence);
      const byAge = (config.inputEncoding ?? (production ? 'reverse-position-time' : 'position')) !== 'position';
      let x = tokens.map((token, j) =>
        add(token.vector, byAge ? agePlace(config, w, tokens, j, n) : row(w[POSITIONS], j)),
      );
      for (let i = 0; i < config.numBlocks; i++) x = block(config, w, `_hstu._attention_layers.${i}.`, x, tokens, n);
      if (!interleaved) return { rows: x };
      const head = (name: string) => w[`action_head.${name}`];
      const contents = x.filter((_, token) => token % 2 === 0);
      return {
        rows: x.filter((_, token) => token % 2 === 1),
        actionLogits: contents.map((content) => {
          const hidden = affine(layerNorm(content, 1e-6), head('0.weight'), head('0.bias')).map(geluTanh);
          return affine(hidden, head('2.weight'), head('2.bias'));
        }),
      };
    },
  };
}

/** `sqrt(D) E[id]`; with actions `sqrt(D) (E[id] + A[action])`, or `sqrt(D) E[id]` and `sqrt(D) A[action]` in turn. */
function tokensOf(config: PlainHstuConfig, w: Weights, sequence: PlainSequence): Token[] {
  const root = Math.sqrt(config.embeddingDim);
  return sequence.items.flatMap((item, t): Token[] => {
    const time = sequence.times[t];
    const next = { time, queryTime: sequence.targetTimes[t] };
    const vector = scale(row(w[ITEMS], item), root);
    if ((config.actions ?? 'none') === 'none') return [{ vector, ...next }];
    const id = Math.min(10, Math.max(1, Math.round(2 * sequence.ratings[t])));
    const action = scale(row(w['_input_features_preproc._action_emb.weight'], id), root);
    if (config.actions === 'sum') return [{ vector: add(vector, action), ...next }];
    return [
      { vector, time, queryTime: time },
      { vector: action, ...next },
    ];
  });
}

/** Vectors of the place from the newest token, 1, and of the bucket of the age in minutes. */
function agePlace(config: PlainHstuConfig, w: Weights, tokens: readonly Token[], j: number, n: number): number[] {
  const minutes = Math.max(tokens[tokens.length - 1].time - tokens[j].time, 1e-6) / 60;
  const age = Math.trunc(config.ageScale === 'log' ? Math.log(minutes) : Math.sqrt(minutes));
  const bucket = Math.max(0, Math.min(age, config.ageBuckets ?? 2048));
  return add(
    row(w['_input_features_preproc._position_embeddings_weight'], Math.min(tokens.length - j, n - 1)),
    row(w['_input_features_preproc._timestamp_embeddings_weight'], bucket),
  );
}

function block(
  config: PlainHstuConfig,
  w: Weights,
  prefix: string,
  x: readonly number[][],
  tokens: readonly Token[],
  n: number,
): number[][] {
  const { numHeads: h, dqk, dv } = config;
  const production = config.block === 'production';
  const of = (name: string): PlainTensor => w[`${prefix}${name}`];
  const affineNorms = config.affineNorms ?? production;
  const gate = config.gate ?? true;
  const activation = config.activation ?? (production ? 'u' : 'uvqk');
  const gateWidth = gate ? h * dv : 0;
  const mixed = x.map((values) => {
    const normed = affineNorms
      ? layerNorm(values, 1e-6, of('_input_norm_weight').data, of('_input_norm_bias').data)
      : layerNorm(values, 1e-6);
    // The first projection alone is stored as `[in, out]`.
    return inOut(normed, of('_uvqk')).map((product, c) => {
      const z = product + ((config.projectionBias ?? production) ? of('_uvqk_beta').data[c] : 0);
      return activation === 'uvqk' || (activation === 'u' && c < gateWidth) ? silu(z) : z;
    });
  });
  const v = mixed.map((values) => values.slice(gateWidth, gateWidth + h * dv));
  const [q, k] = [0, 1].map((part) =>
    mixed.map((values) => {
      const from = gateWidth + h * dv + part * h * dqk;
      return values.slice(from, from + h * dqk);
    }),
  );
  const concat = config.concat ?? (production ? 'raw' : false);
  return x.map((values, i) => {
    const o = attended(config, of, { q, k, v }, tokens, i, n);
    const normed = outputNorm(config, of, o, affineNorms);
    const u = mixed[i].slice(0, gateWidth);
    const gated = gate ? normed.map((value, c) => value * u[c]) : normed;
    const read = concat === false ? gated : [...u, ...(concat === 'raw' ? o : normed), ...gated];
    const bias = (config.outputBias ?? !production) ? of('_o.bias') : undefined;
    return add(values, affine(read, of('_o.weight'), bias));
  });
}

/** What the query at place `i` reads, heads side by side. */
function attended(
  config: PlainHstuConfig,
  of: (name: string) => PlainTensor,
  { q, k, v }: { readonly q: number[][]; readonly k: number[][]; readonly v: number[][] },
  tokens: readonly Token[],
  i: number,
  n: number,
): number[] {
  const { numHeads: h, dqk, dv, attention = 'silu' } = config;
  const production = config.block === 'production';
  const softmax = attention === 'softmax';
  const relativeBias = config.relativeBias ?? (production ? 'none' : 'position-time');
  const scaling = softmax ? 'inverse-sqrt' : (config.attentionScale ?? (production ? 'inverse-sqrt' : 'one'));
  const factor = { one: 1, 'inverse-sqrt': 1 / Math.sqrt(dqk) }[scaling] ?? Number(scaling);
  const keys = tokens.map((_, j) => j).filter((j) => isSeen(config, tokens.length, i, j));
  const divisor = { padded: n, seen: keys.length, none: 1 }[config.normalizer ?? 'padded'];
  const bias = (j: number): number => {
    if (relativeBias !== 'position' && relativeBias !== 'position-time') return 0;
    const distance = of('_rel_attn_bias._pos_w').data[j - i + n - 1];
    if (relativeBias === 'position') return distance;
    const seconds = Math.max(Math.abs(tokens[i].queryTime - tokens[j].time), 1);
    const buckets = config.numTimeBuckets ?? 128;
    return distance + of('_rel_attn_bias._ts_w').data[Math.min(Math.trunc(Math.log(seconds) / 0.301), buckets)];
  };
  const turned = (values: readonly number[], head: number, position: number): number[] => {
    const own = headOf(values, head, dqk);
    return relativeBias === 'rotary' ? rotated(own, position) : own;
  };
  return Array.from({ length: h }, (_, head) => {
    const query = turned(q[i], head, i);
    const scores = keys.map((j) => {
      const product = dot(query, turned(k[j], head, j));
      return factor * product + (softmax ? 0 : bias(j));
    });
    const exponentials = scores.map((score) => Math.exp(score));
    const weights = softmax ? scale(exponentials, 1 / sum(exponentials)) : scores.map((score) => silu(score) / divisor);
    return Array.from({ length: dv }, (_value, c) => sum(keys.map((j, at) => weights[at] * v[j][head * dv + c])));
  }).flat();
}

/**
 * No key is newer than its query; with a window, none is further back but for the first tokens and the newest queries.
 */
function isSeen(config: PlainHstuConfig, length: number, i: number, j: number): boolean {
  if (j > i) return false;
  if (config.maxAttentionLength === undefined || i - j <= config.maxAttentionLength) return true;
  return j < (config.globalAttentionLength ?? 0) || i >= length - (config.minFullAttentionLength ?? 0);
}

function outputNorm(
  { numHeads: h, dv, outputNorm: kind = 'layer' }: PlainHstuConfig,
  of: (name: string) => PlainTensor,
  o: readonly number[],
  affineNorms: boolean,
): number[] {
  const gain = affineNorms ? of('_output_norm_weight').data : undefined;
  if (kind === 'rms') return rootMeanSquareNorm(o, gain);
  const bias = affineNorms ? of('_output_norm_bias').data : undefined;
  if (kind === 'layer') return layerNorm(o, 1e-6, gain, bias);
  // One gain and one bias a head.
  return Array.from({ length: h }, (_, head) =>
    layerNorm(headOf(o, head, dv), 1e-6).map((value) => value * (gain?.[head] ?? 1) + (bias?.[head] ?? 0)),
  ).flat();
}
