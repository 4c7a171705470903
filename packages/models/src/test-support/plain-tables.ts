import { streamKey } from '@seqrec/core';
import type { TableScheme } from '../features/table-config.ts';
import { type PlainRows, range, row, type Weights } from './plain-rows.ts';

const MASK = 2n ** 64n - 1n;

/** SplitMix64 as its paper has it: what the generator with the state `salt` gives as number `id`. */
export function plainHash(name: string, id: number): bigint {
  const { k0, k1 } = streamKey(0, `hash/${name}`);
  const salt = (BigInt(k0) << 32n) | BigInt(k1);
  let z = (salt + (BigInt(id) + 1n) * 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

/** The weights of a model with a row an id in the place of shared ones; `shares` of the scheme `hashed`. */
export function plainTables(
  w: Weights,
  { names, columns }: PlainRows,
  scheme: TableScheme,
  { stream = 'fields', shares = {} }: { stream?: string; shares?: Readonly<Record<string, number>> } = {},
): Weights {
  const out = new Map(w);
  for (const [f, name] of names.entries()) {
    const column = columns[f];
    if (column.kind === 'number') continue;
    const at = (id: number): number[] => {
      const own = `${stream}.${name}`;
      switch (scheme.kind) {
        case 'separate':
          return row(w, `${own}.weight`, id);
        case 'unified':
          return range(scheme.chunks).flatMap((chunk) => {
            const place = Number(plainHash(`${name}/${chunk}`, id) % BigInt(scheme.rows));
            const sign = scheme.signs && plainHash(`${name}/${chunk}/sign`, id) % 2n === 1n ? -1 : 1;
            return row(w, `${stream}.unified.weight`, place).map((value) => sign * value);
          });
        case 'hashed': {
          const rows = shares[name] ?? column.size;
          const place = rows === column.size ? id : Number(plainHash(`${name}/0`, id) % BigInt(rows));
          return row(w, `${own}.weight`, place);
        }
        case 'qr': {
          if (column.size <= scheme.remainders) return row(w, `${own}.weight`, id);
          const quotient = row(w, `${own}.quotient.weight`, Math.floor(id / scheme.remainders));
          const remainder = row(w, `${own}.remainder.weight`, id % scheme.remainders);
          return quotient.map((q, d) => (scheme.combine === 'multiply' ? q * remainder[d] : q + remainder[d]));
        }
      }
    };
    const data = Float64Array.from(range(column.size).flatMap(at));
    out.set(`${stream}.${name}.weight`, { shape: [column.size, data.length / column.size], data });
  }
  return out;
}
