import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { DataSummary, InitialWeightsSummary } from '../../data/data-summary.ts';
import { ConfigError, RunError } from '../../errors.ts';
import { readJson } from '../folder/atomic.ts';
import type { RunDir } from '../folder/run-dir.ts';

/** What a run folder says of the weights that it starts from. @throws CheckpointError when the file cannot be read. */
export async function describeInitialWeights(path: string): Promise<InitialWeightsSummary> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new ConfigError(
      `--from: expected a safetensors file of weights that can be read; got ${path}; ${error instanceof Error ? error.message : error}`,
      '`seqrec export RUN --to FILE` writes one',
    );
  }
  return { path, digest: hash.digest('hex') };
}

/** What a run that has a checkpoint once began from: the file may be gone by then. */
export function savedWeights(previous: RunDir | undefined): InitialWeightsSummary | undefined {
  return previous === undefined ? undefined : (readJson(previous.data) as DataSummary).initialWeights;
}

/** The file that a run begins from. @throws RunError when a run that has begun with it finds another. */
export async function sameWeights(path: string, previous: RunDir | undefined): Promise<InitialWeightsSummary> {
  const now = await describeInitialWeights(path);
  const saved = savedWeights(previous);
  if (saved === undefined || saved.digest === now.digest) return now;
  throw new RunError(
    `run ${previous?.id}: weights: expected those of ${saved.path} when the run began, ${saved.digest.slice(0, 12)}; got others, ${now.digest.slice(0, 12)}`,
  );
}

/** One line of a run that starts from weights. */
export function describeWeights({ path, digest }: InitialWeightsSummary): string {
  return `weights of ${path} (sha256 ${digest.slice(0, 12)}) instead of random ones`;
}
