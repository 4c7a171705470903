import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCheckpoint } from '@seqrec/models';
import { expect, test } from 'vitest';
import { runCli, startCli, tinyRecipe } from '../../testing/run-cli.ts';
import { readMetrics } from '../folder/metrics-log.ts';

const EPOCHS = 24;
const KILLS = 10;
const training = [...tinyRecipe, '--epochs', String(EPOCHS), '--checkpoint-every-steps', '3'];

/** sha256 of the weights and moments of a checkpoint, whatever its metadata say. */
async function weightsOf(file: string): Promise<string> {
  const { parameters, moments } = await readCheckpoint(file);
  const hash = createHash('sha256');
  for (const [name, { data }] of Object.entries(parameters)) hash.update(name).update(Float32Array.from(data));
  for (const [name, { m, v }] of moments)
    hash.update(name).update(Float32Array.from(m.data)).update(Float32Array.from(v.data));
  return hash.digest('hex');
}

function onlyRun(out: string): string | undefined {
  const ids = existsSync(out) ? readdirSync(out).filter((id) => existsSync(join(out, id, 'config.json'))) : [];
  expect(ids.length).toBeLessThanOrEqual(1);
  return ids[0] === undefined ? undefined : join(out, ids[0]);
}

test('a run killed at ten random moments and resumed ends with the weights of a run left alone', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'seqrec-crash-'));
  const whole = await runCli(['train', ...training, '--out', 'whole'], cwd);
  expect(whole, whole.stderr).toMatchObject({ code: 0 });
  const reference = onlyRun(join(cwd, 'whole'))!;

  const seed = Number(process.env.SEQREC_CRASH_SEED ?? Date.now() % 100_000);
  console.log(`SEQREC_CRASH_SEED=${seed}`);
  let drawn = seed;
  const random = () => {
    drawn = (Math.imul(drawn, 1_664_525) + 1_013_904_223) >>> 0;
    return drawn / 2 ** 32;
  };

  /** The log reads as if nothing had happened: every step once, in order, with the same losses. */
  const losses = (run: string) =>
    readMetrics(join(run, 'metrics.jsonl')).map((record) => [
      record.type,
      record.step,
      record.type === 'step' ? record.loss : record.metrics,
    ]);
  const equalsReference = async (run: string): Promise<void> => {
    for (const name of ['last', 'best']) {
      const file = `checkpoints/${name}.safetensors`;
      expect(await weightsOf(join(run, file))).toBe(await weightsOf(join(reference, file)));
    }
    expect(losses(run)).toEqual(losses(reference));
    expect(readdirSync(join(run, 'checkpoints')).sort()).toEqual(['best.safetensors', 'last.safetensors']);
  };

  let kills = 0;
  let savedStep = 0;
  // A fast machine may end the training before the tenth kill: the next kills then meet a new run.
  let folder = 'killed-1';
  for (let attempt = 0; kills < KILLS && attempt < 40; attempt++) {
    const run = onlyRun(join(cwd, folder));
    const { child, ended } = startCli(run ? ['train', '--resume', run] : ['train', ...training, '--out', folder], cwd);
    // After a random number of new log lines, then a random moment more: inside a step, an evaluation, or the writing
    // of a checkpoint. One time in four at any moment, start-up included.
    const anywhere = random() < 0.25;
    const lines = Math.floor(random() * 25);
    const before = run ? readMetrics(join(run, 'metrics.jsonl')).length : 0;
    const deadline = Date.now() + 20_000;
    while (!anywhere && child.exitCode === null && Date.now() < deadline) {
      const current = onlyRun(join(cwd, folder));
      if (current && readMetrics(join(current, 'metrics.jsonl')).length > before + lines) break;
      await sleep(5);
    }
    await sleep(random() * (anywhere ? 1500 : 250));
    child.kill('SIGKILL');
    const { signal, stderr } = await ended;
    if (signal !== 'SIGKILL') {
      expect(stderr).not.toContain('error:');
      await equalsReference(onlyRun(join(cwd, folder))!);
      folder = `killed-${attempt + 2}`;
      savedStep = 0;
      continue;
    }
    kills++;
    const killed = onlyRun(join(cwd, folder));
    if (!killed) continue;
    for (const name of readdirSync(join(killed, 'checkpoints')).filter((file) => file.endsWith('.safetensors'))) {
      const { state } = await readCheckpoint(join(killed, 'checkpoints', name));
      if (name !== 'last.safetensors') continue;
      // A resumed run goes on from its checkpoint and never falls behind it.
      expect(state.position.globalStep).toBeGreaterThanOrEqual(savedStep);
      savedStep = state.position.globalStep;
    }
    const steps = readMetrics(join(killed, 'metrics.jsonl')).at(-1)?.step ?? 0;
    console.log(`kill ${kills} after step ${steps}`);
  }
  expect(kills).toBe(KILLS);

  // The tenth kill may have come before a new run had its folder.
  const killed = onlyRun(join(cwd, folder));
  const last = await runCli(killed ? ['train', '--resume', killed] : ['train', ...training, '--out', folder], cwd);
  expect(last, last.stderr).toMatchObject({ code: 0 });
  await equalsReference(onlyRun(join(cwd, folder))!);
});
