import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.ts';
import { readParameters } from '../parameters.ts';
import { createModel } from '../registry.ts';
import { snapshotOf, weightOf } from '../test-support/snapshots.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { loadModel, saveCheckpoint } from '../train/checkpoint.ts';
import { exportWeights } from '../train/export-weights.ts';
import { createTrainer } from '../train/trainer.ts';
import { weightsDigest } from '../train/weights-digest.ts';
import { applyDelta } from './apply-delta.ts';
import { deltaFromBytes, readDelta, writeDelta } from './delta-file.ts';
import { encodeDelta } from './delta-format.ts';
import { makeDelta } from './make-delta.ts';
import { readSnapshot, tablesOf, writeSnapshot } from './snapshot.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-delta-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

const ITEMS = '_embedding_module._item_emb.weight';

/** A delta of a table and a dense weight. */
function someDelta(int8: boolean) {
  const weights = (by: number) =>
    new Map([
      [
        'table',
        weightOf(
          [6, 3],
          Float32Array.from({ length: 18 }, (_, d) => d * by),
        ),
      ],
      ['dense', weightOf([2, 2], [by, 1, 2, 3])],
    ]);
  return makeDelta(snapshotOf(weights(1)), snapshotOf(weights(1.5), { step: 7 }), ['table'], { int8 });
}

describe('the file of a delta', () => {
  it.each([false, true])('is read as it was written, in bytes: %s', async (int8) => {
    const delta = someDelta(int8);
    const file = at(`some-${int8}.safetensors`);
    await writeDelta(file, delta);
    const read = await readDelta(file);
    expect(read).toEqual({ ...delta, name: file });
    expect(read.bytes).toBe(readFileSync(file).length);
    expect(Buffer.concat(encodeDelta(read).pieces)).toEqual(readFileSync(file));
    expect([...(read.tables.get('table')?.ids ?? [])]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('with one other byte, or without its end, is refused', () => {
    for (const int8 of [false, true]) {
      const bytes = Buffer.concat(encodeDelta(someDelta(int8)).pieces);
      fc.assert(
        fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, flip) => {
          const other = Buffer.from(bytes);
          other[place] ^= flip;
          expect(() => deltaFromBytes(other)).toThrow(CheckpointError);
          expect(() => deltaFromBytes(bytes.subarray(0, place))).toThrow(CheckpointError);
        }),
        { numRuns: 500 },
      );
    }
  });

  it('with another blank in the padding of its header is refused', () => {
    const text = Buffer.concat(encodeDelta(someDelta(false)).pieces).toString('latin1');
    expect(text).toContain('}}  ');
    for (const blank of ['\t', '\n', '\r'])
      expect(() => deltaFromBytes(Buffer.from(text.replace('}} ', `}}${blank}`), 'latin1'), 'd')).toThrow(
        'safetensors: d: expected spaces alone after the header',
      );
  });

  it('says what is wrong with it', async () => {
    const bytes = Buffer.concat(encodeDelta(someDelta(false)).pieces);
    expect(() => deltaFromBytes(bytes.subarray(0, -5), 'd')).toThrow(
      /^safetensors: d: expected \d+ bytes of data; got \d+; the file is truncated$/,
    );
    const damaged = Buffer.from(bytes);
    damaged[bytes.length - 1] ^= 1;
    expect(() => deltaFromBytes(damaged, 'd')).toThrow(
      "delta: d: expected 'rows/table' with the stored checksum; got other bytes; the file is damaged there",
    );
    const said = Buffer.from(bytes.toString('latin1').replace('\\"toStep\\":7', '\\"toStep\\":8'), 'latin1');
    expect(() => deltaFromBytes(said, 'd')).toThrow(
      'delta: d: expected a header with the stored digest; got another; it is damaged',
    );
    const later = Buffer.from(bytes.toString('latin1').replace('"version":"1"', '"version":"9"'), 'latin1');
    expect(() => deltaFromBytes(later, 'd')).toThrow('delta: d: expected version 1; got 9');
    const gone = at('gone.safetensors');
    await expect(readDelta(gone)).rejects.toThrow(`checkpoint: ${gone}: expected a readable file`);
  });

  it('is there as a whole or not at all when its writer is killed', async () => {
    const file = at('killed/delta.safetensors');
    const rows = 400_000;
    const program = `
      import { writeDelta } from ${JSON.stringify(import.meta.resolve('./delta-file.ts'))};
      import { makeDelta } from ${JSON.stringify(import.meta.resolve('./make-delta.ts'))};
      import { snapshotOf, weightOf } from ${JSON.stringify(import.meta.resolve('../test-support/snapshots.ts'))};
      const base = (value) => snapshotOf(new Map([['table', weightOf([${rows}, 16], new Float32Array(${rows} * 16).fill(value))]]));
      const delta = makeDelta(base(0), base(1), ['table']);
      console.log('ready');
      for (;;) await writeDelta(${JSON.stringify(file)}, delta);`;
    const flags = ['--conditions=@seqrec/source', '--disable-warning=ExperimentalWarning', '--input-type=module'];
    const begun = (): boolean =>
      existsSync(at('killed')) &&
      readdirSync(at('killed')).some((name) => {
        const { size = 0 } = statSync(at(`killed/${name}`), { throwIfNoEntry: false }) ?? {};
        return size > 0 && size < 4 * 17 * rows;
      });
    for (let round = 0; round < 2; round++) {
      const child = spawn(process.execPath, [...flags, '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      while (!begun());
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
      if (existsSync(file)) expect((await readDelta(file)).tables.get('table')?.ids.length).toBe(rows);
      for (const name of readdirSync(at('killed'))) if (name.endsWith('.tmp')) rmSync(at(`killed/${name}`));
    }
  }, 60_000);
});

describe('deltas of a training', () => {
  beforeAll(() => useBackend('cpu'));

  it.each(['dense', 'rowwise'] as const)('lead from checkpoint to checkpoint, %s tables', async (embeddings) => {
    const trainer = createTrainer({
      model: createModel(tinyConfigs.sasrec, { numItems: 20, seed: 1 }),
      examples: tinyTrain(),
      ...{ batchSize: 2, learningRate: 0.01, numNegatives: 2, seed: 4, embeddings },
    });
    const checkpoint = async (step: number): Promise<string> => {
      const file = at(`${embeddings}-${step}.safetensors`);
      await saveCheckpoint(file, trainer, { recipe: 'tiny' });
      return file;
    };
    let held = await readSnapshot(await checkpoint(0));
    const tables = await tablesOf(held);
    expect(tables).toEqual([ITEMS]);
    for (let step = 1; step <= 3; step++) {
      await trainer.step();
      const file = await checkpoint(step);
      const delta = makeDelta(held, await readSnapshot(file), tables);
      expect(delta).toMatchObject({ fromStep: step - 1, toStep: step, number: step });
      const rows = delta.tables.get(ITEMS)?.ids.length ?? 0;
      // Adam moves rows that had a gradient once; by rows those of the step alone.
      if (embeddings === 'rowwise' || step === 1) expect(rows).toBeLessThan(20);
      await writeDelta(at('delta.safetensors'), delta);
      held = applyDelta(held, await readDelta(at('delta.safetensors')));
      const written = at('written.safetensors');
      await writeSnapshot(written, held);
      expect((await weightsDigest(written)).digest).toBe((await weightsDigest(file)).digest);
      const model = await loadModel(written);
      expect(await readParameters(model)).toEqual(await readParameters(trainer.model));
      model.dispose();
      // The chain goes on from the file, and begins anew from weights that were loaded in full.
      expect((await readSnapshot(written)).place).toEqual({ ...held.place, deltas: step });
      held = await readSnapshot(written);
      expect(held.extra).toMatchObject({ recipe: 'tiny' });
    }
    const exported = at('exported.safetensors');
    await exportWeights(at(`${embeddings}-0.safetensors`), exported);
    expect((await readSnapshot(exported)).place.base).toBe(held.place.base);
    trainer.dispose();
  });
});
