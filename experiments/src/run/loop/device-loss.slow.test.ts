import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeviceLostError, useBackend } from '@seqrec/core';
import { readCheckpoint } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { splitOverrides } from '../../arguments.ts';
import { resolveConfig } from '../../config/load-recipe.ts';
import { prepareData } from '../../data/dataset.ts';
import { Progress } from '../../terminal/progress.ts';
import { tinyRecipe } from '../../testing/run-cli.ts';
import type { RunDir } from '../folder/run-dir.ts';
import { openForResume } from '../open/resume.ts';
import { type ExecuteRequest, executeRun } from './execute-run.ts';

const absent = await useBackend('webgpu').then(
  () => undefined,
  (error: Error) => error.message,
);

const [recipe, ...options] = tinyRecipe;
const { overrides } = splitOverrides([...options, '--training.epochs=3']);

describe.skipIf(absent !== undefined)(absent === undefined ? 'a GPU' : `a GPU (absent: ${absent})`, () => {
  const out = mkdtempSync(join(tmpdir(), 'seqrec-lost-'));
  afterAll(() => rmSync(out, { recursive: true }));
  afterEach(() => vi.restoreAllMocks());

  async function execute(
    folder: string,
    onEpoch: ExecuteRequest['onEpoch'],
    previous?: RunDir,
  ): Promise<{ readonly run: RunDir }> {
    const { name, config } = await resolveConfig({ recipe, overrides });
    const progress = new Progress({ quiet: true });
    const { run } = await executeRun({
      name,
      config,
      data: await prepareData(config.data, '', progress),
      choice: await useBackend('webgpu'),
      out: join(out, folder),
      progress,
      stop: { signal: undefined, dispose: () => {} },
      checkpoints: { everySteps: 2 },
      resumeOptions: '',
      onEpoch,
      ...(previous && { previous }),
    });
    return { run: run! };
  }

  const weightsOf = async (run: RunDir) => {
    const { parameters, moments } = await readCheckpoint(run.last);
    return { parameters, moments };
  };

  it('that goes away in a run: the command that goes on is told, and the end is that of a run left alone', async () => {
    const whole = await execute('whole', () => {});
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    const lost = execute('lost', (record) => {
      const { device } = tf.backend() as unknown as { device: GPUDevice };
      if (record.epoch === 1) setTimeout(() => device.destroy(), 20);
    });
    await expect(lost).rejects.toThrow(DeviceLostError);
    const [id] = readdirSync(join(out, 'lost'));
    expect(said.mock.calls.flat().join()).toContain(
      `the last checkpoint is whole; go on from it with: seqrec train --resume ${join(out, 'lost', id)}`,
    );
    const { previous } = await openForResume({ resume: join(out, 'lost', id), out, overrides: [] });
    expect((await readCheckpoint(previous.last)).state.position.epoch).toBeGreaterThanOrEqual(1);

    const { run } = await execute('lost', () => {}, previous);
    expect(run.path).toBe(previous.path);
    expect(await weightsOf(run)).toEqual(await weightsOf(whole.run));
    expect(readdirSync(join(run.path, 'checkpoints')).sort()).toEqual(['best.safetensors', 'last.safetensors']);
  });
});
