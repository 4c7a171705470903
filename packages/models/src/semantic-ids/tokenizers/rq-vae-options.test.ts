import { normals, streamKey, useBackend } from '@seqrec/core';
import '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../../test/part.ts';
import { codebooksOf } from '../codebooks-of.ts';
import { fitSemanticIds } from '../fit.ts';
import { semanticIdsSchema } from '../schema.ts';
import { type Rows, rowsAt, squaredLengths, unitRows } from '../vectors/rows.ts';
import { knownTokenizerSchema } from './registry.ts';

beforeAll(() => useBackend('simd'));

const drawn = (count: number, width: number, seed: number): Rows => ({
  ...{ count, width },
  values: normals(streamKey(seed, 'rows'), 0, count * width),
});
const items = 90;
const vectors = drawn(items, 7, 3);
const behaviour = unitRows(drawn(items, 4, 5));
const settings = { kind: 'rq-vae', levels: 2, codes: 6, hiddenSizes: [8], width: 4, epochs: 12, batchSize: 32 };

function fit(options: object, { seed = 4, known = behaviour as Rows | null, of = vectors } = {}) {
  const tokenizer = knownTokenizerSchema().parse({ ...settings, learningRate: 1e-2, ...options });
  return fitSemanticIds({
    config: { tokenizer, collisions: 'counter' },
    ...{ items: of.count, vectors: of, beside: known ?? undefined, seed },
  });
}
const codesOf = ({ codes }: Awaited<ReturnType<typeof fit>>, level: number): number[] =>
  Array.from({ length: codes.count }, (_, r) => codes.values[r * codes.sizes.length + level]);
const timesEach = (codes: readonly number[]): number[] =>
  Array.from({ length: settings.codes }, (_, k) => codes.filter((code) => code === k).length);

const options: [string, object][] = [
  ['rotation', { gradient: 'rotation' }],
  ['projected', { projected: true }],
  ['normalize', { normalize: true }],
  ['rotation, projected and normalised', { gradient: 'rotation', projected: true, normalize: true }],
  ['sinkhorn, the last level', { assignment: { kind: 'sinkhorn', epsilon: 0.05 } }],
  ['sinkhorn, all levels', { assignment: { kind: 'sinkhorn', epsilon: 0.05, levels: 'all' } }],
  ['means', { reduction: 'mean' }],
  ['diversity', { diversity: { weight: 0.5, clusters: 3 } }],
  ['collaborative', { collaborative: { weight: 2 } }],
];

let plain: Awaited<ReturnType<typeof fit>>;
beforeAll(async () => {
  plain = await fit({});
});

describe.each(part(options, 2))('%s', (_, given) => {
  let made: typeof plain;
  let left: number;
  beforeAll(async () => {
    const { numTensors } = tf.memory();
    made = await fit(given);
    left = tf.memory().numTensors - numTensors;
  });

  it('makes other codes than the default, by its seed alone, and leaves nothing behind', async () => {
    expect(left).toBe(0);
    expect(made.codes.values).not.toEqual(plain.codes.values);
    expect((await fit(given)).codes.values).toEqual(made.codes.values);
    expect((await fit(given, { seed: 5 })).codes.values).not.toEqual(made.codes.values);
    expect(made.report.reconstruction).toBeGreaterThan(0);
    expect(made.report.reconstruction).toBeLessThan(1);
  });

  it('encodes alike from what a file keeps, on every backend', async () => {
    const { codebooks } = made;
    const tokenizer = knownTokenizerSchema().parse({ ...settings, ...given });
    const some = rowsAt(vectors, [3, 80]);
    const own = await codebooks.encode!(some);
    await useBackend('cpu');
    const read = codebooksOf(tokenizer, codebooks.sizes, codebooks.tensors);
    expect(await read.encode!(some)).toEqual(own);
    await useBackend('simd');
  });
});

describe('settings of an RQ-VAE', () => {
  it('sinkhorn balances the codes of all items at the levels that are named', async () => {
    const most = async (assignment: object, level: number) =>
      Math.max(...timesEach(codesOf(await fit({ assignment }), level)));
    const sinkhorn = { kind: 'sinkhorn', epsilon: 0.02, iterations: 200 };
    expect(await most({ kind: 'nearest' }, 1)).toBeGreaterThan(20);
    expect(await most(sinkhorn, 1)).toBeLessThanOrEqual(18);
    expect(await most({ ...sinkhorn, levels: 'all' }, 0)).toBeLessThanOrEqual(18);
  });

  it('normalize leaves first codes of length 1', async () => {
    const { codebooks } = await fit({ normalize: true });
    for (const square of squaredLengths(codebooks.tensors.get('codebook.0')!)) expect(square).toBeCloseTo(1, 6);
    expect(squaredLengths(codebooks.tensors.get('codebook.1')!).some((square) => Math.abs(square - 1) > 0.1)).toBe(
      true,
    );
  });

  it('a collaborative loss brings together what behaves alike, whatever it contains', async () => {
    const groups = Array.from({ length: items }, (_, r) => r % 3);
    const values = Float64Array.from({ length: 4 * items }, (_, e) => Number(groups[Math.floor(e / 4)] === e % 4));
    const known = { count: items, width: 4, values };
    const alike = async (given: object) => {
      const first = codesOf(await fit({ epochs: 150, hiddenSizes: [64], ...given }, { known }), 0);
      let [equal, all] = [0, 0];
      for (let a = 0; a < items; a++)
        for (let b = 0; b < a; b++) {
          if (first[a] !== first[b]) continue;
          all++;
          equal += Number(groups[a] === groups[b]);
        }
      return equal / all;
    };
    expect(await alike({})).toBeLessThan(0.45);
    expect(await alike({ collaborative: { weight: 30 } })).toBeGreaterThan(0.6);
  });

  it('a decoder misses less of what it was trained on longer, and what it misses is what is printed', async () => {
    const missed = async (epochs: number) => (await fit({ epochs })).report.reconstruction!;
    expect(await missed(80)).toBeLessThan(await missed(1));
  });

  it.each<[object, string]>([
    [{ gradient: 'gumbel' }, 'gradient'],
    [{ assignment: { kind: 'sinkhorn', epsilon: 0.001 } }, 'assignment.epsilon'],
    [{ assignment: { kind: 'sinkhorn', iterations: 0 } }, 'assignment.iterations'],
    [{ assignment: { kind: 'nearest', epsilon: 0.1 } }, 'assignment'],
    [{ diversity: {} }, 'diversity.weight'],
    [{ diversity: { weight: 1, clusters: 4 } }, 'diversity.clusters'],
    [{ collaborative: { weight: 0 } }, 'collaborative.weight'],
    [{ collaborative: { weight: 1, vectors: { kind: 'behaviour', width: 3 } } }, 'collaborative.vectors'],
    [{ collaborative: { weight: 1, vectors: { kind: 'lsa' } } }, 'collaborative.vectors.kind'],
  ])('refuses %j', (given, place) => {
    const { error } = semanticIdsSchema().safeParse({ tokenizer: { ...settings, ...given } });
    expect(error?.issues.map(({ path }) => path.slice(1).join('.'))).toEqual([place]);
  });

  it('says which vectors and how many items it needs', async () => {
    const collaborative = { weight: 1 };
    const none = fit({ collaborative }, { known: null });
    await expect(none).rejects.toThrow(
      'semantic ids: rq-vae: expected the vectors that it reads beside those of ids.vectors; got none',
    );
    await expect(fit({ collaborative }, { known: drawn(items, 3, 1) })).rejects.toThrow(
      'semantic ids: rq-vae: collaborative: expected vectors of 90 items, 4 wide as what is quantised; got 90, 3 wide',
    );
    await expect(fit({ diversity: { weight: 1, clusters: 3 } }, { of: drawn(5, 7, 1) })).rejects.toThrow(
      'semantic ids: rq-vae: diversity: expected at least two codes for each cluster; got 5 codes for 3 clusters; a level has no more codes than there are items',
    );
  });
});
