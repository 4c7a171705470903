import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readCheckpoint } from '@seqrec/models';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { tinyRecipe } from '../../testing/run-cli.ts';
import { readMetrics } from '../folder/metrics-log.ts';
import { listenForStop, signalExitCode, stopSignals } from './stop.ts';

const launcher = fileURLToPath(new URL('../../../bin/seqrec.mjs', import.meta.url));

/** A training that has made some steps, started as `seqrec` is, at the head of a process group as from a shell. */
async function training(cwd: string): Promise<{ readonly child: ChildProcess; readonly run: string }> {
  const argv = [launcher, 'train', ...tinyRecipe, '--epochs', '400', '--evaluation.baselines', '[]'];
  const child = spawn(process.execPath, argv, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const runs = join(cwd, 'runs');
  for (;;) {
    expect(child.exitCode, 'the training ended by itself').toBe(null);
    const [id] = existsSync(runs) ? readdirSync(runs) : [];
    const log = id === undefined ? '' : join(runs, id, 'metrics.jsonl');
    // Past the first epoch, so that it has printed and saved.
    if (existsSync(log) && readMetrics(log).length > 22) return { child, run: join(runs, id) };
    await sleep(20);
  }
}

/** The run goes on from its last step. */
async function expectSaved(run: string): Promise<void> {
  const { state } = await readCheckpoint(join(run, 'checkpoints/last.safetensors'));
  expect(state.position.globalStep).toBe(readMetrics(join(run, 'metrics.jsonl')).at(-1)?.step);
  expect(existsSync(join(run, 'run.lock'))).toBe(false);
  const results = JSON.parse(readFileSync(join(run, 'results.json'), 'utf8'));
  expect(results).toMatchObject({ status: 'interrupted', resumeCommand: expect.stringContaining('--resume') });
}

describe.skipIf(process.platform === 'win32')('a training whose process group gets a signal', () => {
  test.each([
    // As npx and pnpm do, which hand on what their group has got.
    ['SIGTERM', 3, 143],
  ] as const)('%s, %i times: saves, and says how to go on', async (signal, times, expected) => {
    const { child, run } = await training(mkdtempSync(join(tmpdir(), 'seqrec-group-')));
    // The launcher became the command: no parent is there to send what the group has got a second time.
    expect(JSON.parse(readFileSync(join(run, 'run.lock'), 'utf8')).pid).toBe(child.pid);
    let errors = '';
    child.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
    child.stdout?.resume();
    const ended = once(child, 'close');
    for (let i = 0; i < times; i++) {
      process.kill(-child.pid!, signal);
      await sleep(30);
      if (child.exitCode !== null) break;
    }
    expect(await ended).toEqual([expected, null]);
    expect(errors).toContain('saved; resume with: seqrec train --resume ');
    expect(errors.split('stopping after this step')).toHaveLength(2);
    expect(errors).not.toContain('    at ');
    await expectSaved(run);
  });

  test('SIGHUP after its terminal is gone: saves, though it can print nowhere', async () => {
    const { child, run } = await training(mkdtempSync(join(tmpdir(), 'seqrec-hangup-')));
    child.stdout?.destroy();
    child.stderr?.destroy();
    // It goes on without a reader: the epochs' table has nowhere to go.
    const before = readMetrics(join(run, 'metrics.jsonl')).length;
    while (child.exitCode === null && readMetrics(join(run, 'metrics.jsonl')).length < before + 40) await sleep(20);
    expect(child.exitCode).toBe(null);
    const ended = once(child, 'exit');
    process.kill(-child.pid!, 'SIGHUP');
    expect(await ended).toEqual([129, null]);
    await expectSaved(run);
  });
});

describe('listenForStop', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    for (const signal of stopSignals) process.removeAllListeners(signal);
  });
  const listen = () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => undefined) as never);
    const clock = { now: 0 };
    const first = vi.fn();
    const stop = listenForStop(first, { now: () => clock.now });
    const send = (signal: NodeJS.Signals, at: number) => {
      clock.now = at;
      process.emit(signal, signal);
    };
    return { exit, first, stop, send };
  };

  test('a second Ctrl-C ends at once, the copy of the first does not', () => {
    const { exit, first, stop, send } = listen();
    send('SIGINT', 1000);
    send('SIGINT', 1100);
    expect(first.mock.calls).toEqual([['SIGINT']]);
    expect(exit).not.toHaveBeenCalled();
    send('SIGINT', 2000);
    expect(exit).toHaveBeenCalledWith(130);
    stop.dispose();
    expect(stop.signal).toBe('SIGINT');
  });

  test('SIGTERM and SIGHUP again change nothing; Ctrl-C after them ends at once', () => {
    const { exit, first, stop, send } = listen();
    send('SIGHUP', 0);
    send('SIGHUP', 5000);
    send('SIGTERM', 6000);
    expect(first.mock.calls).toEqual([['SIGHUP']]);
    expect(exit).not.toHaveBeenCalled();
    send('SIGINT', 7000);
    expect(exit).toHaveBeenCalledWith(130);
    stop.dispose();
  });

  test('a copy that comes after the run has saved changes nothing; without a signal nothing listens on', () => {
    const { exit, stop, send } = listen();
    send('SIGTERM', 0);
    stop.dispose();
    // Without a listener the process would end here.
    expect(process.listenerCount('SIGTERM')).toBe(1);
    send('SIGTERM', 50);
    expect(exit).not.toHaveBeenCalled();
    const other = listen();
    other.stop.dispose();
    expect(process.listenerCount('SIGTERM')).toBe(1);
  });

  test('exit codes are those of shells', () => {
    expect((['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map(signalExitCode)).toEqual([129, 130, 143]);
  });
});
