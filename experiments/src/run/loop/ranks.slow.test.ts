// Trainings by several ranks, as a person starts them: the weights of one process, whatever carries the bytes.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeMpi } from '@seqrec/core/collectives';
import { weightsDigest } from '@seqrec/models';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CliResult, type LaunchOptions, runCli, startCli, tinyRecipe } from '../../testing/run-cli.ts';

const cwd = mkdtempSync(join(tmpdir(), 'seqrec-ranks-'));
const training = ['train', ...tinyRecipe, '--epochs', '2', '--training.parts', '4', '--threads', '1', '--quiet'];

const runOf = (out: string): string => join(cwd, out, readdirSync(join(cwd, out))[0]);
const digestOf = async (out: string): Promise<string> =>
  (await weightsDigest(join(runOf(out), 'checkpoints/last.safetensors'))).digest;

/** What a run found: its results, the rank of every query of the test set, and the figures of each epoch. */
function figuresOf(out: string) {
  const read = (file: string): string => readFileSync(join(runOf(out), file), 'utf8');
  const epochs = read('metrics.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; metrics?: unknown })
    .filter(({ type }) => type === 'epoch')
    .map(({ metrics }) => metrics);
  return {
    results: JSON.parse(read('results.json')) as unknown,
    ranks: readFileSync(join(runOf(out), 'test-ranks.safetensors'), 'hex'),
    epochs,
  };
}

async function trained(out: string, args: readonly string[] = [], options?: LaunchOptions): Promise<string> {
  const result = await runCli([...training, '--out', out, ...args], cwd, options);
  expect(result, result.stderr).toMatchObject({ code: 0 });
  return digestOf(out);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

/** All ranks of a training as processes over TCP. */
async function overTcp(size: number, args: readonly string[]) {
  const rendezvous = `127.0.0.1:${await freePort()}`;
  const where = ['--ranks', String(size), '--rendezvous', rendezvous];
  return Array.from({ length: size }, (_, r) => startCli([...training, ...args, ...where, '--rank', String(r)], cwd));
}

/** When the log of a run has so many steps. */
async function steps(out: string, count: number): Promise<void> {
  for (;;) {
    const folder = existsSync(join(cwd, out)) ? readdirSync(join(cwd, out))[0] : undefined;
    const log = folder === undefined ? '' : join(cwd, out, folder, 'metrics.jsonl');
    if (existsSync(log) && readFileSync(log, 'utf8').split('"type":"step"').length > count) return;
    await sleep(20);
  }
}

let alone: string;
beforeAll(async () => {
  alone = await trained('alone');
});

describe('ranks', () => {
  it('that are threads of one process end with its weights', async () => {
    expect(await trained('threads-2', ['--ranks', '2'])).toBe(alone);
    expect(await trained('threads-4', ['--ranks', '4'])).toBe(alone);
  });

  it('that evaluate a share each find what one process finds, whatever they are and wherever rows lie', async () => {
    const own = figuresOf('alone');
    expect(own.epochs).toHaveLength(2);
    for (const out of ['threads-2', 'threads-4']) expect(figuresOf(out)).toEqual(own);
    const small = [
      '--evaluation.batchSize',
      '7',
      '--training.weightAverage.decay',
      '0.9',
      '--evaluation.positions',
      'all',
    ];
    const rowwise = [...small, '--optimizer.embeddings', 'rowwise'];
    await trained('shares', rowwise);
    const ranks = await overTcp(2, ['--out', 'shares-tcp', ...rowwise, '--shard-tables', 'row-cyclic']);
    for (const { ended } of ranks) expect(await ended).toMatchObject({ code: 0 });
    expect(figuresOf('shares-tcp')).toEqual(figuresOf('shares'));
    await trained('shares-threads', [...rowwise, '--ranks', '2']);
    expect(figuresOf('shares-threads')).toEqual(figuresOf('shares'));
  });

  it('that are processes over TCP end with its weights, by options and by the variables of Slurm', async () => {
    const ends = await Promise.all((await overTcp(4, ['--out', 'tcp'])).map(({ ended }) => ended));
    for (const end of ends) expect(end, end.stderr).toMatchObject({ code: 0 });
    expect(await digestOf('tcp')).toBe(alone);
    // Only rank 0 says anything and writes anything.
    expect(ends.map(({ stdout }) => stdout.includes('report: '))).toEqual([true, false, false, false]);
    expect(readdirSync(join(cwd, 'tcp'))).toHaveLength(1);

    const slurm = { SLURM_NTASKS: '2', SLURM_NODELIST: 'node[1-2]', SLURM_JOB_ID: '77' };
    const variables = { ...slurm, SEQREC_RENDEZVOUS: `127.0.0.1:${await freePort()}` };
    const tasks = ['0', '1'].map((rank) =>
      runCli([...training, '--out', 'slurm'], cwd, { variables: { ...variables, SLURM_PROCID: rank } }),
    );
    for (const end of await Promise.all(tasks)) expect(end, end.stderr).toMatchObject({ code: 0 });
    expect(await digestOf('slurm')).toBe(alone);
  });

  it('when one is killed the others end with a clear message, and a resume by another number ends alike', async () => {
    const ranks = await overTcp(4, ['--out', 'killed', '--checkpoint-every-steps', '3']);
    await steps('killed', 8);
    ranks[2].child.kill('SIGKILL');
    const ends = await Promise.all(ranks.map(({ ended }) => ended));
    for (const r of [0, 1, 3]) {
      expect(ends[r].code).toBe(1);
      expect(ends[r].stderr).toMatch(/rank 2 is gone: .*; all ranks end, go on with --resume/);
    }
    const results = JSON.parse(readFileSync(join(runOf('killed'), 'results.json'), 'utf8')) as { error?: string };
    expect(results.error).toMatch(/rank 2 is gone/);
    const resumed = await runCli(['train', '--resume', 'latest', '--out', 'killed', '--ranks', '2', '--quiet'], cwd);
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    expect(await digestOf('killed')).toBe(alone);
  });

  it('stop together when rank 0 is asked to, and go on as one process', async () => {
    const ranks = await overTcp(2, ['--out', 'stopped']);
    await steps('stopped', 5);
    ranks[0].child.kill('SIGTERM');
    const ends = await Promise.all(ranks.map(({ ended }) => ended));
    for (const end of ends) expect(end, end.stderr).toMatchObject({ code: 143 });
    const resumed = await runCli(['train', '--resume', 'latest', '--out', 'stopped', '--quiet'], cwd);
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    expect(await digestOf('stopped')).toBe(alone);
  });

  it('that hold rows of the item table each write the file of one process, killed and resumed otherwise', async () => {
    const rowwise = ['--optimizer.embeddings', 'rowwise', '--checkpoint-every-steps', '3'];
    const whole = await trained('rowwise', rowwise);
    expect(await trained('cyclic', [...rowwise, '--ranks', '2', '--shard-tables', 'row-cyclic'])).toBe(whole);
    expect(await trained('columns', [...rowwise, '--ranks', '2', '--shard-tables', 'columns'])).toBe(whole);
    const ranks = await overTcp(4, ['--out', 'shards', ...rowwise, '--shard-tables', 'row-blocks']);
    await steps('shards', 8);
    ranks[3].child.kill('SIGKILL');
    for (const { code } of await Promise.all(ranks.map(({ ended }) => ended))) expect(code).not.toBe(0);
    const resume = [
      'train',
      '--resume',
      'latest',
      '--out',
      'shards',
      '--ranks',
      '2',
      '--shard-tables',
      'table',
      '--quiet',
    ];
    const resumed = await runCli(resume, cwd);
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    expect(await digestOf('shards')).toBe(whole);
    const results = (out: string): unknown => {
      const { final, samples } = JSON.parse(readFileSync(join(runOf(out), 'results.json'), 'utf8')) as Record<
        string,
        unknown
      >;
      return { final, samples };
    };
    expect(results('shards')).toEqual(results('rowwise'));
    expect(results('cyclic')).toEqual(results('rowwise'));
  });

  it('that share what the optimiser keeps write the file of one process, killed and resumed otherwise', async () => {
    const sharded = ['--checkpoint-every-steps', '3', '--shard-optimizer'];
    expect(await trained('owners', [...sharded, '--ranks', '2'])).toBe(alone);
    const ranks = await overTcp(4, ['--out', 'owners-killed', ...sharded]);
    await steps('owners-killed', 8);
    ranks[1].child.kill('SIGKILL');
    for (const { code } of await Promise.all(ranks.map(({ ended }) => ended))) expect(code).not.toBe(0);
    const resume = ['train', '--resume', 'latest', '--quiet', '--out'];
    const again = await startCli([...resume, 'owners-killed', '--ranks', '2', '--shard-optimizer'], cwd);
    await steps('owners-killed', 12);
    again.child.kill('SIGTERM');
    const stopped = await again.ended;
    expect([0, 143], stopped.stderr).toContain(stopped.code);
    if (stopped.code === 143) expect(await runCli([...resume, 'owners-killed'], cwd)).toMatchObject({ code: 0 });
    expect(await digestOf('owners-killed')).toBe(alone);
  });

  it('that share rows of the item table and what the optimiser keeps of the rest write the file of one', async () => {
    const rowwise = ['--optimizer.embeddings', 'rowwise', '--optimizer.kind', 'muon'];
    const whole = await trained('muon', rowwise);
    const sharded = ['--ranks', '2', '--shard-tables', 'row-cyclic', '--shard-optimizer'];
    expect(await trained('muon-owners', [...rowwise, ...sharded])).toBe(whole);
    const file = (out: string): Buffer => readFileSync(join(runOf(out), 'checkpoints/last.safetensors'));
    expect(file('muon-owners').equals(file('muon'))).toBe(true);
    const refused = await runCli([...training, '--shard-optimizer', '--out', 'none'], cwd);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /--shard-optimizer: expected it with several ranks, as in --ranks 2; got one process/,
    );
  });

  it('end together when one is asked for something else, or one is missing', async () => {
    const rendezvous = `127.0.0.1:${await freePort()}`;
    const where = ['--ranks', '2', '--rendezvous', rendezvous, '--out', 'differ'];
    const one = (rank: string, ...more: string[]): Promise<CliResult> =>
      runCli([...training, ...where, '--rank', rank, ...more], cwd);
    const ends = await Promise.all([one('0'), one('1', '--seed', '9')]);
    for (const end of ends) {
      expect(end.code).toBe(1);
      expect(end.stderr).toMatch(/ranks: expected the same configuration on all 2 ranks; got/);
    }
    const parts = await runCli([...training, '--ranks', '3', '--out', 'parts'], cwd);
    expect(parts.code).toBe(1);
    expect(parts.stderr).toMatch(/expected 1, 2, 4, 8, ... parts of a batch for each of 3 ranks; got 4 in all/);
  });
});

const absent = (): string | undefined => {
  try {
    execFileSync('mpiexec.hydra', ['--version'], { stdio: 'ignore' });
    describeMpi();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
const missing = absent();

describe.skipIf(missing !== undefined)(missing === undefined ? 'mpiexec' : `mpiexec (absent: ${missing})`, () => {
  const mpiexec = (size: number): LaunchOptions => ({
    launcher: ['mpiexec.hydra', '-n', String(size)],
    variables: { HYDRA_LAUNCHER: 'fork', SEQREC_MPI_LIBRARY: 'libmpich.so.12' },
  });

  it('gives the weights of one process, with 2 ranks and with 4', async () => {
    expect(await trained('mpi-2', [], mpiexec(2))).toBe(alone);
    expect(await trained('mpi-4', [], mpiexec(4))).toBe(alone);
  });

  it('ends all ranks when one is killed; one process goes on to the same weights', async () => {
    const { child, ended } = startCli(
      [...training, '--out', 'mpi-killed', '--checkpoint-every-steps', '3'],
      cwd,
      mpiexec(2),
    );
    await steps('mpi-killed', 8);
    const pids = execFileSync('pgrep', ['-f', 'mpi-killed'], { encoding: 'utf8' }).trim().split('\n').map(Number);
    // The launcher and its proxy have the words in their command line, too: the last are the ranks.
    process.kill(Math.max(...pids), 'SIGKILL');
    expect(child.pid).toBeDefined();
    expect((await ended).code).not.toBe(0);
    const resumed = await runCli(['train', '--resume', 'latest', '--out', 'mpi-killed', '--quiet'], cwd);
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    expect(await digestOf('mpi-killed')).toBe(alone);
  });
});
