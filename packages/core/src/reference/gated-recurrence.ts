/**
 * Gated recurrence over time-major rows: step `s` is the next `sizes[s]` rows, row `i` continues
 * row `i` of the step before.
 */
export interface GatedRecurrenceInput {
  /** `[T, 3 E]` */
  readonly x: ArrayLike<number>;
  /** `[3 E, E]` */
  readonly weight: ArrayLike<number>;
  /** `[3 E]` */
  readonly bias: ArrayLike<number>;
  readonly sizes: readonly number[];
  /** `E` */
  readonly width: number;
  /** `[sizes[0], E]`, the state before the first step; default zeros. */
  readonly initial?: ArrayLike<number>;
}

interface Step {
  readonly r: number[];
  readonly z: number[];
  readonly n: number[];
  /** `h W^T + b` of the candidate. */
  readonly inner: number[];
  readonly before: number[];
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Row that row `row` of the packed order continues, -1 at a first step. */
function previousOf(sizes: readonly number[]): number[] {
  const out: number[] = [];
  let begin = 0;
  sizes.forEach((size, s) => {
    for (let i = 0; i < size; i++) out.push(s === 0 ? -1 : begin - sizes[s - 1] + i);
    begin += size;
  });
  return out;
}

function unroll(input: GatedRecurrenceInput): { states: number[][]; steps: Step[] } {
  const { x, weight, bias, sizes, width: e, initial } = input;
  const first = (row: number): number[] => Array.from({ length: e }, (_, c) => initial?.[row * e + c] ?? 0);
  const states: number[][] = [];
  const steps: Step[] = [];
  for (const [t, previous] of previousOf(sizes).entries()) {
    const before = previous < 0 ? first(t) : states[previous];
    const a = (gate: number): number[] =>
      Array.from({ length: e }, (_, c) =>
        before.reduce((sum, h, d) => sum + h * weight[(gate * e + c) * e + d], bias[gate * e + c]),
      );
    const [aReset, aUpdate, inner] = [a(0), a(1), a(2)];
    const given = (gate: number, c: number): number => x[(3 * t + gate) * e + c];
    const r = aReset.map((value, c) => sigmoid(given(0, c) + value));
    const z = aUpdate.map((value, c) => sigmoid(given(1, c) + value));
    const n = inner.map((value, c) => Math.tanh(given(2, c) + r[c] * value));
    states.push(n.map((value, c) => (1 - z[c]) * value + z[c] * before[c]));
    steps.push({ r, z, n, inner, before });
  }
  return { states, steps };
}

/** Float64 reference of the states, `[T, E]`. Source: Cho et al. 2014, with the reset gate after the product. */
export function gatedRecurrence(input: GatedRecurrenceInput): Float64Array {
  return Float64Array.from(unroll(input).states.flat());
}

/** Gradients of x, weight and bias. */
export function gatedRecurrenceGrad(
  input: GatedRecurrenceInput,
  dy: ArrayLike<number>,
): { readonly x: Float64Array; readonly weight: Float64Array; readonly bias: Float64Array } {
  const { weight, sizes, width: e } = input;
  const { states, steps } = unroll(input);
  const previous = previousOf(sizes);
  const out = {
    x: new Float64Array(input.x.length),
    weight: new Float64Array(weight.length),
    bias: new Float64Array(input.bias.length),
  };
  const dStates = states.map((row, t) => row.map((_, c) => dy[t * e + c]));
  for (let t = states.length - 1; t >= 0; t--) {
    const { r, z, n, inner, before } = steps[t];
    for (let c = 0; c < e; c++) {
      const dh = dStates[t][c];
      const dn = dh * (1 - z[c]) * (1 - n[c] ** 2);
      const dz = dh * (before[c] - n[c]) * z[c] * (1 - z[c]);
      const dr = dn * inner[c] * r[c] * (1 - r[c]);
      [dr, dz, dn].forEach((value, gate) => {
        out.x[(3 * t + gate) * e + c] = value;
      });
      if (previous[t] >= 0) dStates[previous[t]][c] += dh * z[c];
      [dr, dz, dn * r[c]].forEach((value, gate) => {
        const row = gate * e + c;
        out.bias[row] += value;
        for (let d = 0; d < e; d++) {
          out.weight[row * e + d] += value * before[d];
          if (previous[t] >= 0) dStates[previous[t]][d] += value * weight[row * e + d];
        }
      });
    }
  }
  return out;
}
