import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { type Collective, runRanks } from '@seqrec/core/collectives';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { splitOverrides } from '../../arguments.ts';
import { resolveConfig } from '../../config/load-recipe.ts';
import { prepareData } from '../../data/dataset.ts';
import { Progress } from '../../terminal/progress.ts';
import { tinyRecipe } from '../../testing/run-cli.ts';
import { type EpochRecord, readMetrics } from '../folder/metrics-log.ts';
import type { RunDir } from '../folder/run-dir.ts';
import { openForResume } from '../open/resume.ts';
import type { StopSignal } from '../process/stop.ts';
import { say } from '../ranks/commands.ts';
import { executeRun } from './execute-run.ts';

const STEPS = 18;
const [recipe, ...options] = tinyRecipe;
const { overrides } = splitOverrides([...options, '--training.epochs=2', '--training.parts=2']);
const out = mkdtempSync(join(tmpdir(), 'seqrec-stopped-'));
let choice: Awaited<ReturnType<typeof useBackend>>;

beforeAll(async () => {
  choice = await useBackend('simd');
});
afterAll(() => {
  rmSync(out, { recursive: true });
  vi.restoreAllMocks();
});

/** A Ctrl-C that comes after the loop has looked for it so many times: once a step, and while it evaluates. */
function stopAfter(looks: number): StopSignal {
  let seen = 0;
  return {
    get signal() {
      return ++seen > looks ? ('SIGINT' as const) : undefined;
    },
    dispose() {},
  };
}

const never: StopSignal = { signal: undefined, dispose() {} };

async function execute(stop: StopSignal, previous?: RunDir, ranks?: Collective): Promise<RunDir | undefined> {
  const { name, config } = await resolveConfig({ recipe, overrides });
  const progress = new Progress({ quiet: true });
  const { run } = await executeRun({
    name,
    config,
    data: await prepareData(config.data, '', progress),
    choice,
    out,
    progress,
    stop,
    checkpoints: {},
    resumeOptions: '',
    onEpoch: () => {},
    ...(previous && { previous }),
    ...(ranks && { ranks }),
  });
  if (ranks?.rank === 0) await say(ranks, { does: 'end', code: 0 });
  return run;
}

const alone = async (stop: StopSignal, previous?: RunDir): Promise<RunDir> => (await execute(stop, previous))!;
/** By two ranks, of which rank 0 hears the signal. */
const byTwo = async (stop: StopSignal, previous?: RunDir): Promise<RunDir> => {
  const [run, other] = await runRanks(2, (ranks) => execute(ranks.rank === 0 ? stop : never, previous, ranks));
  expect(other).toBeUndefined();
  return run!;
};

const epochsOf = (run: RunDir): EpochRecord[] => readMetrics(run.metrics).filter((record) => record.type === 'epoch');

it.each([
  ['a run', alone],
  ['two ranks', byTwo],
] as const)(
  '%s stopped in an evaluation goes on with it, and claims no peak of steps not taken',
  async (_, execute) => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const whole = epochsOf(await execute(never));
    const stopped = await execute(stopAfter(STEPS));
    expect(readMetrics(stopped.metrics)).toHaveLength(STEPS);
    expect(epochsOf(stopped)).toEqual([]);

    const { previous } = await openForResume({ resume: stopped.path, out, overrides: [] });
    const [first, second] = epochsOf(await execute(never, previous));
    expect([first.metrics, second.metrics]).toEqual(whole.map(({ metrics }) => metrics));
    expect(first).toMatchObject({ epoch: 1, seconds: 0, tokensPerSecond: 0 });
    expect(first.peakHeapBytes).toBeUndefined();
    // Weights and moments of this model are 0.7 MiB, what a step needs besides is more.
    for (const { peakHeapBytes } of [...whole, second]) expect(peakHeapBytes).toBeGreaterThan(2 ** 20);
  },
);
