import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { splitOverrides } from '../../arguments.ts';
import { resolveConfig } from '../../config/load-recipe.ts';
import { prepareData } from '../../data/dataset.ts';
import { Progress } from '../../terminal/progress.ts';
import { tinyRecipe } from '../../testing/run-cli.ts';
import { readMetrics } from '../folder/metrics-log.ts';
import { savedResults } from '../folder/results.ts';
import type { RunDir } from '../folder/run-dir.ts';
import { executeRun } from './execute-run.ts';

const [recipe, ...options] = tinyRecipe;
const { overrides } = splitOverrides([...options, '--training.epochs=3', '--evaluation.baselines=none']);
const out = mkdtempSync(join(tmpdir(), 'seqrec-pause-'));
let choice: Awaited<ReturnType<typeof useBackend>>;

beforeAll(async () => {
  choice = await useBackend('simd');
});
afterAll(() => rmSync(out, { recursive: true }));

async function execute(more: { readonly pause?: (epochs: number) => boolean; readonly previous?: RunDir }) {
  const { name, config } = await resolveConfig({ recipe, overrides });
  const progress = new Progress({ quiet: true });
  const data = await prepareData(config.data, '', progress);
  return executeRun({
    ...{ name, config, data, choice, out, progress, ...more },
    stop: { signal: undefined, dispose() {} },
    checkpoints: {},
    resumeOptions: '',
    onEpoch: () => {},
  });
}

const logOf = (run: RunDir) =>
  readMetrics(run.metrics).map((record) => (record.type === 'step' ? record.loss : record.metrics));

it('a run that pauses is not tested, goes on as if it had not, and frees what it had', async () => {
  const tensors = tf.memory().numTensors;
  const { run, results, paused } = await execute({ pause: (epochs) => epochs >= 1 });
  expect(results).toBeUndefined();
  expect(paused).toMatchObject({ evaluatedEpochs: 1, best: { epoch: 1 } });
  expect(existsSync(run!.ranks)).toBe(false);
  expect(savedResults(run!)).toMatchObject({ status: 'interrupted', baselines: [], samples: [] });
  expect(tf.memory().numTensors).toBe(tensors);

  // At the moment where it is, it pauses again without a step.
  const again = await execute({ pause: (epochs) => epochs >= 1, previous: run });
  expect(again.paused).toEqual(paused);
  // Neither does the last epoch test it.
  const last = await execute({ pause: () => false, previous: run });
  expect(last.paused?.evaluatedEpochs).toBe(3);
  expect(existsSync(run!.ranks)).toBe(false);

  const ended = await execute({ previous: run });
  const whole = await execute({});
  expect(ended.results?.final).toEqual(whole.results?.final);
  expect(logOf(run!)).toEqual(logOf(whole.run!));
  expect(tf.memory().numTensors).toBe(tensors);
});
