import { existsSync } from 'node:fs';
import type { BackendChoice } from '@seqrec/core';
import { USER_VECTOR, USER_VECTOR_AGE } from '@seqrec/data';
import { loadModel, type ModelConfig } from '@seqrec/models';
import type { UserVectorsConfig } from '../../config/preparation-schema.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { type PreparedData, prepareData } from '../../data/dataset.ts';
import { testedFile } from '../../run/folder/ranks.ts';
import { openRunDir } from '../../run/folder/run-dir.ts';
import { writeUserVectors } from '../../run/outputs/export-vectors.ts';
import { Interrupted, type StopSignal } from '../../run/process/stop.ts';
import type { Progress } from '../../terminal/progress.ts';
import { runSeed } from '../reproduce/seeds.ts';
import type { StudyDir } from '../study/study.ts';
import { type LineName, lines } from './points.ts';

/** What a study trains. */
export interface StalenessPlan {
  readonly recipe: string;
  readonly long: RecipeConfig;
  readonly small: RecipeConfig;
  /** Periods after which vectors are computed anew where the small model learns with vectors of all ages. */
  readonly every: readonly number[];
}

export interface StudyContext {
  readonly dir: StudyDir;
  readonly data: PreparedData;
  readonly dataFolder: string;
  readonly choice: BackendChoice;
  readonly progress: Progress;
  readonly stop: StopSignal;
}

/** Checkpoints of the lines of a seed, and the file of the vectors that two of them read. */
export type TrainedLines = Readonly<Record<LineName | 'vectors', string>>;

/** Trains what is missing of a seed: the long model, its vectors, the small models. */
export async function trainLines(plan: StalenessPlan, seed: number, context: StudyContext): Promise<TrainedLines> {
  const { long, small } = plan;
  const train = (line: LineName, config: RecipeConfig, data: PreparedData): Promise<string> =>
    trainLine(line, { recipe: plan.recipe, config: { ...config, seed }, data }, context);
  const best = await train('long', long, context.data);
  const vectors = context.dir.file(`vectors/seed-${seed}.safetensors`);
  if (!existsSync(vectors)) await makeVectors(vectors, best, context);
  const withVectors = async (line: 'aged' | 'fresh', rule: { every: number[]; seed: number } | { age: number }) => {
    const config = readingVectors(small, { path: vectors, seed, ...rule });
    return train(line, config, await prepareData(config.data, context.dataFolder, context.progress));
  };
  return {
    vectors,
    long: best,
    small: await train('small', small, context.data),
    aged: await withVectors('aged', { every: [...plan.every], seed }),
    fresh: await withVectors('fresh', { age: 0 }),
  };
}

/** A configuration whose model reads the vectors of another as a feature of the events. */
function readingVectors(config: RecipeConfig, userVectors: UserVectorsConfig): RecipeConfig {
  const vector = { column: USER_VECTOR, table: 'events', encode: 'standardise' };
  const age = { column: USER_VECTOR_AGE, table: 'events', encode: 'buckets' };
  // All are of one age where none is old.
  const features = userVectors.age === 0 ? [vector] : [vector, age];
  return {
    ...config,
    data: { ...config.data, userVectors } as RecipeConfig['data'],
    model: { ...config.model, features } as ModelConfig,
  };
}

async function trainLine(
  line: LineName,
  material: { readonly recipe: string; readonly config: RecipeConfig; readonly data: PreparedData },
  { dir, choice, progress, stop }: StudyContext,
): Promise<string> {
  const out = dir.file(`runs/${line}`);
  const done = await runSeed({ row: lines[line], ...material, out, choice, progress, stop });
  if (done === undefined) throw new Interrupted('stopped while training');
  return testedFile(openRunDir(out, done.run));
}

async function makeVectors(file: string, checkpoint: string, { data, progress }: StudyContext): Promise<void> {
  const model = await loadModel(checkpoint);
  try {
    await writeUserVectors(file, model, { interactions: data.split.interactions, about: checkpoint, progress });
  } finally {
    model.dispose();
  }
}
