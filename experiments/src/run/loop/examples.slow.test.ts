// The scripts of examples/mpi, slurm and kubernetes: run as they stand, Slurm's srun and a cluster by stand-ins.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { weightsDigest } from '@seqrec/models';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { commandWords, runCli, tinyRecipe } from '../../testing/run-cli.ts';

const examples = fileURLToPath(new URL('../../../../examples', import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), 'seqrec-examples-'));
const [recipe, ...settings] = tinyRecipe;
const short = [...settings, '--epochs', '1', '--training.parts', '2', '--threads', '1', '--quiet'];

const digestOf = async (out: string): Promise<string> => {
  const [run] = readdirSync(join(cwd, out));
  return (await weightsDigest(join(cwd, out, run, 'checkpoints/last.safetensors'))).digest;
};

function sh(script: string, args: readonly string[], variables: Readonly<Record<string, string>>) {
  const env = { ...process.env, SEQREC: commandWords.join(' '), RECIPE: recipe, ...variables };
  const child = spawn('sh', [join(examples, script), ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  return new Promise<{ code: number | null; said: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, said })),
  );
}

let alone: string;
beforeAll(async () => {
  const whole = await runCli(['train', recipe, ...short, '--out', 'alone'], cwd);
  expect(whole, whole.stderr).toMatchObject({ code: 0 });
  alone = await digestOf('alone');
});

const hasMpi = (() => {
  try {
    execFileSync('mpiexec.hydra', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasMpi)(hasMpi ? 'mpi' : 'mpi (absent: mpiexec.hydra)', () => {
  it('trains with two ranks', async () => {
    const variables = { MPIEXEC: 'mpiexec.hydra', HYDRA_LAUNCHER: 'fork', SEQREC_MPI_LIBRARY: 'libmpich.so.12' };
    const { code, said } = await sh('mpi/train.sh', ['2', ...short, '--out', 'mpi'], variables);
    expect(code, said).toBe(0);
    expect(await digestOf('mpi')).toBe(alone);
  });
});

describe('slurm', () => {
  it('trains with two tasks of a stand-in for srun, and finds a run to go on with', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'seqrec-srun-'));
    const srun = join(bin, 'srun');
    const tasks =
      'for r in 0 1; do SLURM_PROCID=$r "$@" & pids="$pids $!"; done; for p in $pids; do wait $p || exit 1; done';
    writeFileSync(srun, `#!/bin/sh\n${tasks}\n`);
    chmodSync(srun, 0o755);
    const job = { SLURM_NTASKS: '2', SLURM_NODELIST: 'localhost', SLURM_JOB_ID: String(process.pid) };
    const variables = { ...job, SLURM_CPUS_PER_TASK: '1', RUNS: 'slurm', PATH: `${bin}:${process.env.PATH}` };
    const first = await sh('slurm/train.sbatch', short, variables);
    expect(first.code, first.said).toBe(0);
    expect(await digestOf('slurm')).toBe(alone);
    const again = await sh('slurm/train.sbatch', ['--resume', 'latest', '--epochs', '2', '--quiet'], variables);
    expect(again.code, again.said).toBe(0);
    expect(readdirSync(join(cwd, 'slurm'))).toHaveLength(1);
  });
});

describe('kubernetes', () => {
  const named = z.strictObject({ name: z.string().regex(/^[a-z0-9-]+$/) });
  const variable = z.strictObject({ name: z.string(), value: z.string() });
  const service = z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('Service'),
    metadata: named,
    spec: z.strictObject({
      clusterIP: z.literal('None'),
      selector: z.strictObject({ 'job-name': z.string() }),
      ports: z.tuple([z.strictObject({ name: z.string(), port: z.int() })]),
    }),
  });
  const container = z.strictObject({
    ...{ name: z.string(), image: z.string(), workingDir: z.string() },
    ...{ command: z.array(z.string()), args: z.array(z.string()), env: z.array(variable) },
    resources: z.strictObject({ requests: z.strictObject({ cpu: z.string(), memory: z.string() }) }),
    volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string() })),
  });
  const job = z.strictObject({
    apiVersion: z.literal('batch/v1'),
    kind: z.literal('Job'),
    metadata: named,
    spec: z.strictObject({
      completionMode: z.literal('Indexed'),
      ...{ completions: z.int(), parallelism: z.int(), backoffLimitPerIndex: z.int() },
      template: z.strictObject({
        spec: z.strictObject({
          ...{ subdomain: z.string(), restartPolicy: z.literal('Never') },
          containers: z.tuple([container]),
          volumes: z.array(
            z.strictObject({ name: z.string(), persistentVolumeClaim: z.strictObject({ claimName: z.string() }) }),
          ),
        }),
      }),
    }),
  });

  it('has the fields of a job and a service, and one number of ranks', () => {
    const documents = parseAllDocuments(readFileSync(join(examples, 'kubernetes/train.yaml'), 'utf8'));
    const [first, second] = documents.map((document) => document.toJS() as unknown);
    const { metadata, spec } = service.parse(first);
    const { spec: ofJob, metadata: ofName } = job.parse(second);
    const [{ env, args }] = ofJob.template.spec.containers;
    const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    expect([ofJob.completions, ofJob.parallelism]).toEqual([Number(variables.SEQREC_RANKS), ofJob.completions]);
    expect(ofJob.template.spec.subdomain).toBe(metadata.name);
    expect(spec.selector['job-name']).toBe(ofName.name);
    expect(variables.SEQREC_RENDEZVOUS).toBe(`${ofName.name}-0.${metadata.name}:${spec.ports[0].port}`);
    execFileSync('sh', ['-n', '-c', args[0]]);
  });
});
