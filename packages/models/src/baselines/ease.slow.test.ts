import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { type ExampleSet, leaveLastOut, loadNamedDataset, trainingEvents } from '@seqrec/data';
import { expect, it } from 'vitest';
import { easeBaseline } from './ease.ts';

const folder = process.env.SEQREC_DATA;

/**
 * `B` of the formula in float64 over all items, `lambda` on the diagonal of those without events
 * too; Gauss-Jordan in place.
 */
function reference(train: ExampleSet, lambda: number): { b: Float64Array; n: number } {
  const { interactions } = train;
  const n = interactions.numItems;
  const a = new Float64Array(n * n);
  const mask = trainingEvents(train);
  for (let user = 0; user < interactions.numUsers; user++) {
    const items = new Set<number>();
    for (let e = interactions.userOffsets[user]; e < interactions.userOffsets[user + 1]; e++)
      if (mask[e] === 1) items.add(interactions.itemIds[e] - 1);
    for (const i of items) for (const j of items) a[i * n + j]++;
  }
  for (let i = 0; i < n; i++) a[i * n + i] += lambda;
  for (let k = 0; k < n; k++) {
    const pivot = a[k * n + k];
    a[k * n + k] = 1;
    for (let j = 0; j < n; j++) a[k * n + j] /= pivot;
    for (let i = 0; i < n; i++) {
      const factor = a[i * n + k];
      if (i === k || factor === 0) continue;
      a[i * n + k] = 0;
      for (let j = 0; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  const diagonal = Float64Array.from({ length: n }, (_, j) => a[j * n + j]);
  return { n, b: a.map((value, at) => (at % (n + 1) === 0 ? 0 : -value / diagonal[at % n])) };
}

it.skipIf(!folder || !existsSync(join(folder, 'ml-100k.zip')))(
  'on ML-100K every weight of EASE is that of the plain float64 formula within 1e-5',
  async () => {
    await useBackend('simd');
    const { train } = leaveLastOut(await loadNamedDataset('ml-100k', folder as string));
    const { b, n } = reference(train, 500);
    const scorer = await easeBaseline(train);
    const scores = new Float64Array(n + 1);
    let worst = 0;
    for (let item = 1; item <= n; item++) {
      scorer.score(Int32Array.of(item), scores);
      for (let j = 0; j < n; j++) worst = Math.max(worst, Math.abs(scores[j + 1] - b[(item - 1) * n + j]));
    }
    expect(worst).toBeLessThan(1e-5);
    if (process.env.SEQREC_PRINT) console.log('largest difference', worst);
  },
  120_000,
);
