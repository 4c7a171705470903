import { readFileSync } from 'node:fs';
import { offsetsOf, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../test/part.ts';
import { hstuBlocks } from '../encoders/hstu/blocks.ts';
import { HstuLayer } from '../encoders/hstu/layer.ts';
import type { FreshKeys } from '../layers/memory.ts';
import { checkGolden } from './check.ts';
import type { GoldenTensor } from './file.ts';
import type { GoldenReport } from './report.ts';
import { deltaRows, recording } from './stu-delta.ts';

interface HstuFile {
  readonly outputs: Record<string, GoldenTensor & GoldenTensor[]>;
  readonly gradients?: Record<string, GoldenTensor>;
  readonly inputGradients?: Record<string, GoldenTensor>;
}

const read = (name: string): HstuFile =>
  JSON.parse(readFileSync(new URL(`./fixtures/hstu/${name}.json`, import.meta.url), 'utf8'));
const check = async (json: unknown): Promise<GoldenReport> => (await checkGolden(json)) as GoldenReport;
const passes = ({ maxima, tolerance }: GoldenReport): boolean =>
  (['outputs', 'loss', 'gradients'] as const).every((of) => maxima[of] < tolerance[of]);

const tensors = (file: HstuFile): GoldenTensor[] => [
  ...Object.values(file.outputs)
    .flat()
    .filter((each) => 'data' in each),
  ...Object.values(file.gradients ?? {}),
  ...Object.values(file.inputGradients ?? {}),
];

describe.each(part(['auto', 'cpu'] as const, 2))('HSTU as a ranker on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  // Hundreds of passes: on the fused kernels alone.
  const requests = backend === 'auto' ? ['hstu-requests'] : [];
  const rankers = ['hstu-ranker', 'hstu-ranker-interleaved'];
  it.each(['hstu-masks', 'hstu-position-time', 'stu-candidates', 'stu-append-window', ...rankers, ...requests])(
    '%s agrees in every number',
    async (name) => {
      const before = tf.memory().numTensors;
      const report = await check(read(name));
      expect(tf.memory().numTensors).toBe(before);
      if (process.env.SEQREC_PRINT) console.log(tf.getBackend(), report);
      expect(passes(report)).toBe(true);
      expect(report.tolerance.outputs).toBeLessThan(1e-4);
    },
  );
});

it.each(['hstu-position-time', 'stu-candidates', 'stu-append-window', 'hstu-ranker', 'hstu-ranker-interleaved'])(
  '%s: a changed number of any tensor is noticed',
  async (name) => {
    const file = read(name);
    for (const { data } of tensors(file)) {
      const kept = data[0];
      // A cell of the mask is 1 there.
      data[0] = kept === 1 ? 0 : kept + 0.1 + Math.abs(kept);
      expect(passes(await check(file))).toBe(false);
      data[0] = kept;
    }
  },
);

it('notices a key more and a key less in any mask', async () => {
  const file = read('hstu-masks') as unknown as { outputs: { masks: string[][] } };
  for (const rows of file.outputs.masks) {
    const [kept] = rows;
    for (const changed of [`0${kept.slice(1)}`, `1${kept[1] === '1' ? '0' : '1'}${kept.slice(2)}`]) {
      rows[0] = changed;
      expect(passes(await check(file))).toBe(false);
    }
    rows[0] = kept;
  }
});

it.each([
  ['a sequence shorter than what is asked with', { config: { deltaSize: 6 } }, 'golden: lengths: expected from 6'],
  ['no size of the larger cache', { notes: [], config: {} }, "golden: notes: expected 'capacity N larger'"],
])('refuses %s', async (_, change, message) => {
  const file = read('stu-candidates') as unknown as { config: object };
  await expect(checkGolden({ ...file, ...change, config: { ...file.config, ...change.config } })).rejects.toThrow(
    message,
  );
});

it.each([
  { lengths: [9, 4, 5], numTargets: [2, 0, 3], delta: 3, maxAttentionLength: 2 },
  { lengths: [7, 6], numTargets: [4, 1], delta: 2 },
  { lengths: [5, 8], numTargets: [0, 0], delta: 5, maxAttentionLength: 3 },
])(
  'rows of new history and new targets are those of the full pass: %j',
  async ({ maxAttentionLength, ...sequences }) => {
    await useBackend('auto');
    const { lengths, numTargets, delta } = sequences;
    const sizes = { embeddingDim: 6, numHeads: 2, dqk: 3, dv: 4, numTimeBuckets: 1, attention: 'silu' } as const;
    const layers = [0, 1].map(
      (i) => new HstuLayer({ ...hstuBlocks.production, ...sizes, maxAttentionLength, paddedLength: 2, stream: `${i}` }),
    );
    tf.tidy(() => {
      const offsets = offsetsOf(lengths);
      const x = tf.randomNormal([offsets[lengths.length], 6], 0, 1, 'float32', 3) as tf.Tensor2D;
      const encode = (rows: tf.Tensor2D, own: readonly number[], run: object): tf.Tensor2D =>
        layers.reduce(
          (y, layer) => layer.apply([y, tf.tensor1d(offsetsOf(own), 'int32')], run as never) as tf.Tensor2D,
          rows,
        );
      const rowsOf = (from: (b: number) => number, count: (b: number) => number): tf.Tensor1D =>
        tf.tensor1d(
          lengths.flatMap((_, b) => Array.from({ length: count(b) }, (_row, t) => offsets[b] + from(b) + t)),
          'int32',
        );
      const expected = tf.gather(
        encode(x, lengths, { numTargets }),
        rowsOf(
          (b) => lengths[b] - delta,
          () => delta,
        ),
      );
      const cached = lengths.map((length) => length - delta);
      const caches = new Map<string, FreshKeys>();
      const prefix = tf.gather(
        x,
        rowsOf(
          () => 0,
          (b) => cached[b],
        ),
      ) as tf.Tensor2D;
      const targets = numTargets.map((count) => Math.max(0, count - delta));
      encode(prefix, cached, { numTargets: targets, memory: recording(offsetsOf(cached), caches) });
      for (const form of ['candidates', 'alone'] as const) {
        const rows = deltaRows(layers, x, sequences, caches, form);
        expect(tf.max(tf.abs(tf.sub(rows, expected))).dataSync()[0]).toBeLessThan(1e-6);
      }
    });
  },
);
