import { plainSoftmax } from '../rankers/sequence/test-support/plain.ts';
import { affine, all, plus, range, times, type Vector, type Weights } from './plain-rows.ts';

/** `torch.nn.TransformerEncoderLayer`, norms last, over one sequence; `seen` the rows that are keys. */
export function plainEncoderLayer(
  w: Weights,
  name: string,
  x: readonly Vector[],
  { heads, slope, seen = x.map(() => true) }: { heads: number; slope: number; seen?: readonly boolean[] },
): Vector[] {
  const d = x[0].length;
  const size = d / heads;
  const projected = x.map((row) => plus(times(all(w, `${name}.in_proj_weight`), row), all(w, `${name}.in_proj_bias`)));
  const part = (row: Vector, which: number, head: number): Vector =>
    row.slice(which * d + head * size, which * d + (head + 1) * size);
  const keys = range(x.length).filter((j) => seen[j]);
  return x.map((row, i) => {
    const attended = range(heads).flatMap((head) => {
      const q = part(projected[i], 0, head);
      const scores = keys.map(
        (j) => part(projected[j], 1, head).reduce((s, k, a) => s + k * q[a], 0) / Math.sqrt(size),
      );
      const shares = plainSoftmax(scores);
      return range(size).map((a) => keys.reduce((sum, j, at) => sum + shares[at] * part(projected[j], 2, head)[a], 0));
    });
    const s = plainNorm(w, `${name}.norm1`, plus(row, affine(w, `${name}.out_proj`, attended)));
    const hidden = affine(w, `${name}.linear1`, s).map((value) => (value > 0 ? value : slope * value));
    return plainNorm(w, `${name}.norm2`, plus(s, affine(w, `${name}.linear2`, hidden)));
  });
}

function plainNorm(w: Weights, name: string, x: Vector): Vector {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const [scale, shift] = [all(w, `${name}.weight`), all(w, `${name}.bias`)];
  return x.map((value, d) => ((value - mean) / Math.sqrt(variance + 1e-5)) * scale[d] + shift[d]);
}
