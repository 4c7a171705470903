import { layerNorm } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { withSwitches } from '../hstu/blocks.ts';
import type { HstuConfig } from '../hstu/config.ts';
import type { SequenceModel } from '../model.ts';
import { parseModelConfig } from '../registry.ts';

/** Times of the tokens of one sequence, seconds after its first event. */
export interface PlainTimes {
  readonly query: ArrayLike<number>;
  readonly key: ArrayLike<number>;
}

type Matrix = number[][];
const silu = (z: number): number => z / (1 + Math.exp(-z));
const normalised = (values: number[], gain: (c: number) => number, bias: (c: number) => number): number[] => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return values.map((value, c) => ((value - mean) / Math.sqrt(variance + 1e-6)) * gain(c) + bias(c));
};

/**
 * The first block of an HSTU model written as its formula over one sequence, `[length, D]` to `[length, D]`: loops over queries
 * and keys, every switch where the formula has it.
 */
export function plainHstuBlock(model: SequenceModel, x: tf.Tensor2D, times: PlainTimes, n: number): Matrix {
  const config = withSwitches(parseModelConfig(model.config) as HstuConfig);
  const weight = <T extends number[] | Matrix>(name: string): T =>
    model.variables().get(`_hstu._attention_layers.0.${name}`)!.arraySync() as T;
  const vector = (name: string): number[] => weight<number[]>(name);
  const { dqk, dv, numHeads: h, gate, activation, affineNorms } = config;
  const norm = layerNorm(x).arraySync() as Matrix;
  const normedX = affineNorms
    ? norm.map((row) => row.map((v, c) => v * vector('_input_norm_weight')[c] + vector('_input_norm_bias')[c]))
    : norm;
  const first = gate ? h * dv : 0;
  const mixed = (tf.matMul(tf.tensor2d(normedX), tf.tensor2d(weight<Matrix>('_uvqk'))).arraySync() as Matrix).map(
    (row) =>
      row.map((product, c) => {
        const z = product + (config.projectionBias ? vector('_uvqk_beta')[c] : 0);
        return activation === 'none' || (activation === 'u' && c >= first) ? z : silu(z);
      }),
  );
  const part = (t: number, from: number, width: number): number[] => mixed[t].slice(from, from + width);
  const turn = (values: number[], position: number): number[] => {
    if (config.relativeBias !== 'rotary') return values;
    const half = values.length / 2;
    return values.map((value, i) => {
      const angle = position * 10_000 ** (-(i % half) / half);
      const other = i < half ? -values[i + half] : values[i - half];
      return value * Math.cos(angle) + other * Math.sin(angle);
    });
  };
  const bias = (i: number, j: number): number => {
    if (config.relativeBias !== 'position-time' && config.relativeBias !== 'position') return 0;
    const position = vector('_rel_attn_bias._pos_w')[j - i + n - 1];
    if (config.relativeBias === 'position') return position;
    const gap = Math.max(Math.abs(times.query[i] - times.key[j]), 1);
    return position + vector('_rel_attn_bias._ts_w')[Math.min(128, Math.trunc(Math.log(gap) / 0.301))];
  };
  const length = mixed.length;
  const attended: Matrix = [];
  for (let i = 0; i < length; i++) {
    const row: number[] = [];
    const keys = Array.from({ length: i + 1 }, (_, j) => j).filter((j) => sees(config, length, i, j));
    for (let head = 0; head < h; head++) {
      const q = turn(part(i, first + h * dv + head * dqk, dqk), i);
      const products = keys.map((j) => {
        const k = turn(part(j, first + h * dv + h * dqk + head * dqk, dqk), j);
        return q.reduce((sum, value, c) => sum + value * k[c], 0);
      });
      const exponentials = products.map((product) => Math.exp(product / Math.sqrt(dqk)));
      const total = exponentials.reduce((sum, value) => sum + value, 0);
      const divisor = { none: 1, seen: keys.length, padded: n }[config.normalizer];
      const scale = config.attentionScale === 'one' ? 1 : 1 / Math.sqrt(dqk);
      for (let c = 0; c < dv; c++) {
        row.push(
          keys.reduce((sum, j, at) => {
            const score = scale * products[at] + bias(i, j);
            const p = config.attention === 'softmax' ? exponentials[at] / total : silu(score) / divisor;
            return sum + p * mixed[j][first + head * dv + c];
          }, 0),
        );
      }
    }
    attended.push(row);
  }
  const output = weight<Matrix>('_o.weight');
  const residual = x.arraySync();
  return attended.map((o, t) => {
    const u = part(t, 0, first);
    const normed = plainOutputNorm(o, config, vector);
    const product = gate ? normed.map((value, c) => value * u[c]) : normed;
    const read = config.concat ? [...u, ...(config.concat === 'raw' ? o : normed), ...product] : product;
    return output.map((w, d) =>
      w.reduce(
        (sum, value, c) => sum + value * read[c],
        residual[t][d] + (config.outputBias ? vector('_o.bias')[d] : 0),
      ),
    );
  });
}

type Resolved = ReturnType<typeof withSwitches<HstuConfig>>;

function sees(config: Resolved, length: number, i: number, j: number): boolean {
  const { maxAttentionLength, minFullAttentionLength = 0, globalAttentionLength = 0 } = config;
  return (
    maxAttentionLength === undefined ||
    j < globalAttentionLength ||
    i >= length - minFullAttentionLength ||
    i - j <= maxAttentionLength
  );
}

function plainOutputNorm(
  o: number[],
  { numHeads, dv, outputNorm, affineNorms }: Resolved,
  vector: (name: string) => number[],
): number[] {
  const perHead = outputNorm === 'group';
  const learned = (name: string, otherwise: number) => {
    const values = affineNorms ? vector(`_output_norm_${name}`) : [];
    return (c: number): number => (affineNorms ? values[perHead ? Math.floor(c / dv) : c] : otherwise);
  };
  const gain = learned('weight', 1);
  if (outputNorm === 'rms') {
    const root = Math.sqrt(o.reduce((sum, value) => sum + value * value, 0) / o.length);
    return o.map((value, c) => (value / root) * gain(c));
  }
  const bias = learned('bias', 0);
  if (!perHead) return normalised(o, gain, bias);
  return Array.from({ length: numHeads }, (_, head) =>
    normalised(
      o.slice(head * dv, (head + 1) * dv),
      (c) => gain(head * dv + c),
      (c) => bias(head * dv + c),
    ),
  ).flat();
}
