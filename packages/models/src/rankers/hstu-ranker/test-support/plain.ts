// The formulas of the README of this folder in float64 and plain loops: one request at a time, one candidate at a time.

import { all, plus, range, row, times, type Vector, type Weights } from '../../../test-support/plain-rows.ts';

/** What of a configuration the formula reads. */
export interface PlainRankerConfig {
  readonly form: 'sum' | 'interleave';
  readonly numBlocks: number;
  readonly numHeads: number;
  readonly dqk: number;
  readonly dv: number;
  readonly contextSees: 'history' | 'earlier';
  readonly positionBuckets: number;
  readonly ageBuckets: number;
  readonly numActions: number;
  /** `n`. */
  readonly normalizer: number;
  /** Names of contextual features, in order. */
  readonly contextual: readonly string[];
}

/** A history with its request; vectors are those of the tables. */
export interface PlainRequest {
  readonly contextual: readonly Vector[];
  readonly events: readonly {
    readonly id: Vector;
    readonly features: Vector;
    readonly mask: number;
    readonly time: number;
  }[];
  readonly time: number;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const mul = (a: Vector, b: Vector): Vector => a.map((x, i) => x * b[i]);

function norm(x: Vector, gain: Vector, bias: Vector, epsilon: number): Vector {
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
  return x.map((v, i) => ((v - mean) / Math.sqrt(variance + epsilon)) * gain[i] + bias[i]);
}

const named = (w: Weights, name: string) => (x: Vector, epsilon: number) =>
  norm(x, all(w, `${name}.weight`), all(w, `${name}.bias`), epsilon);
const linear = (w: Weights, name: string, x: Vector): Vector =>
  plus(times(all(w, `${name}.weight`), x), all(w, `${name}.bias`));

/** `LN(W_2 swish(W_0 x + b_0) + b_2)`, without the outer norm where it has no weights. */
function mlp(w: Weights, name: string, x: Vector): Vector {
  const hidden = linear(w, `${name}.0`, x);
  const out = linear(w, `${name}.2`, mul(hidden, named(w, `${name}.1`)(hidden, 1e-5).map(sigmoid)));
  return w.has(`${name}.3.weight`) ? named(w, `${name}.3`)(out, 1e-5) : out;
}

/** The logits of a candidate, `[L]`. */
export function plainLogits(
  w: Weights,
  config: PlainRankerConfig,
  request: PlainRequest,
  candidate: { readonly id: Vector; readonly features: Vector },
): Vector {
  const { form, numActions, contextual } = config;
  const content = (of: { readonly id: Vector; readonly features: Vector }): Vector =>
    plus(mlp(w, 'content', of.id), mlp(w, 'additional', of.features));
  const action = (mask: number): Vector =>
    mlp(
      w,
      'action_map',
      range(numActions).flatMap((a) => row(w, 'actions.table', a).map((x) => ((mask >> a) & 1) * x)),
    );
  const tokens: { x: Vector; time: number }[] = contextual.map((name, c) => ({
    x: linear(w, `context.${name}`, request.contextual[c]),
    time: Number.NEGATIVE_INFINITY,
  }));
  for (const event of request.events) {
    const { time } = event;
    if (form === 'sum') tokens.push({ x: plus(content(event), action(event.mask)), time });
    else tokens.push({ x: content(event), time }, { x: action(event.mask), time });
  }
  const asked = content(candidate);
  const unknown = form === 'sum' ? plus(asked, mlp(w, 'action_map', all(w, 'actions.unknown'))) : asked;
  tokens.push({ x: unknown, time: request.time });
  const last = tokens.length - 1;
  let rows = tokens.map(({ x, time }, t) => {
    const place = t < contextual.length ? t : contextual.length + last - t;
    const minutes = Math.max(request.time - time, 1e-6) / 60;
    const age = Math.min(Math.trunc(Math.sqrt(minutes)), config.ageBuckets);
    return plus(
      plus(
        x.map((v) => v * Math.sqrt(x.length)),
        row(w, 'positions.weight', Math.min(place, config.positionBuckets - 1)),
      ),
      row(w, 'ages.weight', age),
    );
  });
  for (let l = 0; l < config.numBlocks; l++) rows = block(w, `hstu.${l}`, config, rows);
  const user = named(w, 'post')(rows[last], 1e-5);
  return mlp(w, 'head', mul(user, mlp(w, 'tower', [...candidate.id, ...candidate.features])));
}

/** The production block: `Y = W_o [U, O, U LN(O)] + X`. */
function block(w: Weights, name: string, config: PlainRankerConfig, rows: readonly Vector[]): Vector[] {
  const { numHeads: h, dqk, dv, normalizer, contextual, contextSees } = config;
  const [d, width] = w.get(`${name}.uvqk`)!.shape;
  const matrix = range(d).map((at) => row(w, `${name}.uvqk`, at));
  const [bias, gain, shift] = ['uvqk.bias', 'input_norm.weight', 'input_norm.bias'].map((own) =>
    all(w, `${name}.${own}`),
  );
  const mixed = rows.map((x) => {
    const normed = norm(x, gain, shift, 1e-6);
    return range(width).map((c) => normed.reduce((sum, v, at) => sum + v * matrix[at][c], bias[c]));
  });
  const part = (t: number, from: number, size: number): Vector => mixed[t].slice(from, from + size);
  const [v, q, k] = [h * dv, 2 * h * dv, 2 * h * dv + h * dqk];
  const prefix = contextSees === 'history' ? contextual.length : 0;
  return rows.map((x, i) => {
    // The last token is the candidate, which no other token sees.
    const seen = range(rows.length).filter((j) => j <= i || (i < prefix && j < rows.length - 1));
    const attended = range(h).flatMap((head) => {
      const query = part(i, q + head * dqk, dqk);
      const out = new Array<number>(dv).fill(0);
      for (const j of seen) {
        const score = mul(query, part(j, k + head * dqk, dqk)).reduce((sum, s) => sum + s, 0) / Math.sqrt(dqk);
        const weight = (score * sigmoid(score)) / normalizer;
        for (const [c, value] of part(j, v + head * dv, dv).entries()) out[c] += weight * value;
      }
      return out;
    });
    const u = part(i, 0, h * dv).map((z) => z * sigmoid(z));
    const normed = norm(attended, all(w, `${name}.output_norm.weight`), all(w, `${name}.output_norm.bias`), 1e-6);
    return plus(times(all(w, `${name}.o.weight`), [...u, ...attended, ...mul(u, normed)]), x);
  });
}
