import type { EncodedColumn } from '@seqrec/data';
import { plainNorm } from '../../../test-support/plain-norm.ts';
import {
  all,
  type PlainRows,
  plainField,
  plainHidden,
  plus,
  range,
  row,
  transposedTimes,
  type Vector,
  type Weights,
} from '../../../test-support/plain-rows.ts';
import type { FieldAttentionConfig } from '../config.ts';

type Form = FieldAttentionConfig['form'];

/** The last `mapped` of the tokens `x` by the map `name`. */
function plainMap(w: Weights, name: string, form: Form, x: readonly Vector[], mapped: number): Vector[] {
  const first = x.length - mapped;
  const made = range(mapped).map((m): Vector => {
    if (form === 'vanilla') return transposedTimes(all(w, `${name}.weight`), x[first + m]);
    if (form === 'hetero') return transposedTimes(row(w, `${name}.weight`, m), x[first + m]);
    const together = w.has(`${name}.weight`)
      ? transposedTimes(all(w, `${name}.weight`), x.flat())
      : transposedTimes(all(w, `${name}.right`), transposedTimes(all(w, `${name}.left`), x.flat()));
    const width = together.length / mapped;
    return together.slice(m * width, (m + 1) * width);
  });
  if (!w.has(`${name}.bias`)) return made;
  return made.map((y, m) => plus(y, form === 'vanilla' ? all(w, `${name}.bias`) : row(w, `${name}.bias`, m)));
}

const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
const add = (a: readonly Vector[], b: readonly Vector[]): Vector[] => a.map((x, i) => plus(x, b[i]));

const gelu = (x: number): number => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

function plainAttention(w: Weights, name: string, config: FieldAttentionConfig, x: readonly Vector[], made: number) {
  const { form, heads, queryDim, valueDim } = config;
  const q = plainMap(w, `${name}.query`, form, x, made);
  const k = plainMap(w, `${name}.key`, form, x, x.length);
  const v = plainMap(w, `${name}.value`, form, x, x.length);
  return q.map((asking) =>
    range(heads).flatMap((h) => {
      const part = (of: Vector, width: number): Vector => of.slice(h * width, (h + 1) * width);
      const scores = k.map((key) => Math.exp(dot(part(asking, queryDim), part(key, queryDim)) / Math.sqrt(queryDim)));
      const total = scores.reduce((sum, score) => sum + score, 0);
      return range(valueDim).map((c) =>
        v.reduce((sum, value, j) => sum + (scores[j] / total) * part(value, valueDim)[c], 0),
      );
    }),
  );
}

function plainBlock(
  w: Weights,
  name: string,
  config: FieldAttentionConfig,
  x: readonly Vector[],
  made: number,
): Vector[] {
  const { form, norm } = config;
  const tokenwise = form === 'vanilla' ? 'vanilla' : 'hetero';
  const normed = (of: readonly Vector[], which: string): Vector[] =>
    of.map((token) => plainNorm(w, `${name}.norm.${which}`, token));
  const kept = x.slice(x.length - made);
  const attended = plainAttention(w, name, config, norm === 'pre' ? normed(x, 'attention') : x, made);
  const summed = add(kept, plainMap(w, `${name}.output`, tokenwise, attended, made));
  const y = norm === 'post' ? normed(summed, 'attention') : summed;
  const inner = plainMap(w, `${name}.inner`, tokenwise, norm === 'pre' ? normed(y, 'feed-forward') : y, made);
  const fed = plainMap(
    w,
    `${name}.outer`,
    tokenwise,
    inner.map((token) => token.map(gelu)),
    made,
  );
  const z = add(y, fed);
  return norm === 'post' ? normed(z, 'feed-forward') : z;
}

export function plainFieldAttention(w: Weights, rows: PlainRows, config: FieldAttentionConfig): number[][] {
  const { embeddingDim: d, blocks, pruned, denseTokens, norm } = config;
  const tasks = w.get('tasks.weight')!.shape[0];
  const isDense = (column: EncodedColumn): boolean => denseTokens !== undefined && column.kind === 'number';
  return range(rows.rows).map((b) => {
    let x: Vector[] = rows.columns.flatMap((column, f) =>
      isDense(column) ? [] : [plainField(w, `fields.${rows.names[f]}.weight`, column, b, 'mean')],
    );
    if (denseTokens !== undefined) {
      const numbers = rows.columns.flatMap((column) =>
        column.kind === 'number' ? [...column.values.slice(b * column.width, (b + 1) * column.width)] : [],
      );
      const made = plainHidden(w, 'dense', numbers, 1);
      x.push(...range(denseTokens).map((t) => made.slice(t * d, (t + 1) * d)));
    }
    x.push(...range(tasks).map((t) => row(w, 'tasks.weight', t)));
    for (let i = 0; i < blocks; i++) {
      x = plainBlock(w, `blocks.${i}`, config, x, pruned && i === blocks - 1 ? tasks : x.length);
    }
    const last = x.slice(x.length - tasks).map((token) => (norm === 'pre' ? plainNorm(w, 'norm.last', token) : token));
    return plainMap(w, 'head', 'hetero', last, tasks).flat();
  });
}
