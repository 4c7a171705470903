import { readFileSync } from 'node:fs';
import { useBackend } from '@seqrec/core';
import '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { checkCodePieces } from './code-pieces.ts';
import { checkBehaviour, checkLsa } from './content-vectors.ts';
import { checkLetter } from './letter.ts';
import type { GoldenReport } from './report.ts';
import { checkResidualKMeans } from './residual-k-means.ts';
import { checkRqVae } from './rq-vae.ts';

interface Tensor {
  readonly shape: number[];
  readonly data: number[];
}
type Outputs = Record<string, Tensor>;
const read = (file: string): { outputs: Outputs } =>
  JSON.parse(readFileSync(new URL(`./fixtures/semantic-ids/${file}.json`, import.meta.url), 'utf8'));

const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'data' in value;

/** Every tensor of what is expected but those of `but`; of a level its own. */
function tensorsOf(outputs: Outputs, but: readonly string[]): Tensor[] {
  return Object.entries(outputs).flatMap(([name, value]): Tensor[] => {
    if (but.includes(name)) return [];
    if (isTensor(value)) return [value];
    return typeof value === 'object' && value !== null ? tensorsOf(value as never, but) : [];
  });
}

describe.each([
  // Residuals are what the next level reads; EASE has tests of its own.
  ['lsa', checkLsa, 5, []],
  ['sppmi-ease', checkBehaviour, 3, ['ease', 'easeScores']],
  ['residual-kmeans', checkResidualKMeans, 19, ['residual']],
  ['residual-kmeans-normalised', checkResidualKMeans, 19, ['residual']],
] as const)('%s', (file, check, count, but) => {
  it('agrees', async () => {
    const { maxima } = await check(read(file));
    expect(maxima.outputs).toBeLessThan(1e-10);
  });

  it('notices a change of every tensor', async () => {
    expect(tensorsOf(read(file).outputs, but)).toHaveLength(count);
    for (let t = 0; t < count; t++) {
      const changed = read(file);
      tensorsOf(changed.outputs, but)[t].data[0] += 1;
      expect((await check(changed)).maxima.outputs).toBeGreaterThan(1e-3);
    }
  });
});

it('sid-pieces agrees, and notices a merge or a piece that is another', async () => {
  expect((await checkCodePieces(read('sid-pieces'))).maxima.outputs).toBe(0);
  for (const name of ['merges', 'segments', 'segmentsOfNew']) {
    const changed = read('sid-pieces');
    (changed.outputs as unknown as Record<string, unknown[]>)[name].pop();
    expect((await checkCodePieces(changed)).maxima.outputs, name).toBe(1);
  }
});

describe.each(['cpu', 'simd'] as const)('autoencoders on %s', (backend) => {
  it.each([
    ['rqvae-straight-through', checkRqVae, 6, 9],
    ['rqvae-rotation', checkRqVae, 6, 8],
    ['letter-sinkhorn', checkLetter, 11, 11],
  ] as const)(
    '%s agrees in outputs, loss and gradients, and notices a change of each',
    async (file, check, outputs, parameters) => {
      await useBackend(backend);
      type Autoencoder = { outputs: Outputs; parameters: Outputs; gradients: Outputs; loss: number };
      const own = (): Autoencoder => read(file) as Autoencoder;
      const reported = async (json: Autoencoder) => (await check(json)) as GoldenReport;
      const before = tf.memory().numTensors;
      const { maxima, tolerance } = await reported(own());
      expect(tf.memory().numTensors).toBe(before);
      for (const of of ['outputs', 'loss', 'gradients'] as const) {
        expect(tolerance[of], of).toBeLessThan(3e-6);
        expect(maxima[of], of).toBeLessThan(tolerance[of]);
      }
      // Codes and embeddings of its evaluation are those of training.
      expect(tensorsOf(own().outputs, ['evaluation'])).toHaveLength(outputs);
      for (let t = 0; t < outputs; t++) {
        const changed = own();
        tensorsOf(changed.outputs, ['evaluation'])[t].data[0] += 1;
        expect((await reported(changed)).maxima.outputs, `output ${t}`).toBeGreaterThan(1e-3);
      }
      expect(Object.keys(own().parameters)).toHaveLength(parameters);
      for (const name of Object.keys(own().gradients)) {
        const changed = own();
        changed.gradients[name].data[0] += 1;
        expect((await reported(changed)).maxima.gradients, name).toBeGreaterThan(1e-3);
      }
      expect((await reported({ ...own(), loss: own().loss + 1 })).maxima.loss).toBeGreaterThan(1e-3);
    },
  );
});
