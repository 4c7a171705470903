import { createModel, isRanker, loadModel, loadWeights, type Model, type Ranker } from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { type PreparedRows, prepareRows, type ReadsHistory } from '../../data/prepare-rows.ts';
import { RunError } from '../../errors.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { RunDir } from '../folder/run-dir.ts';
import { describeInitialWeights } from '../open/initial-weights.ts';
import { checkpointOf, epochOf } from '../open/open-run.ts';
import { checkSameData } from '../open/resume.ts';
import { type ResolvedRanking, rankerOptions, rankingOf } from './ranking-of.ts';

/** A model of rows with the data and the configuration that it is evaluated by. */
export interface OpenRanking {
  readonly config: RankingRunConfig;
  readonly data: PreparedRows;
  readonly ranking: ResolvedRanking;
  readonly model: Ranker;
  /** What of the weights does not go with the data or the configuration. */
  readonly notes?: readonly string[];
  /** Of a run. */
  readonly checkpoint?: 'best' | 'last';
  /** Which weights these are, for the line above the figures. */
  readonly about: string;
}

interface Place {
  readonly dataFolder?: string;
  readonly progress: Progress;
}

/**
 * A checkpoint of a run, as asked or the tested one, with its data.
 *
 * @throws RunError when one of them is not what it was.
 */
export async function openRankingRun(
  run: RunDir,
  config: RankingRunConfig,
  asked: 'best' | 'last' | undefined,
  place: Place,
): Promise<OpenRanking> {
  const { checkpoint, file } = checkpointOf(run, asked);
  const data = await prepareRows(
    config.data,
    dataFolder(place.dataFolder),
    place.progress,
    config.model as ReadsHistory,
  );
  checkSameData(run, data.split.interactions.digest);
  const epoch = await epochOf(file, config.model);
  const model: Model = await loadModel(file);
  if (!isRanker(model)) throw new RunError(`${file}: expected a model of rows; got ${model.kind}`);
  const ranking = rankingOf(config, data.split.train);
  return { config, data, ranking, model, checkpoint, about: `${run.id}, ${checkpoint} checkpoint (epoch ${epoch})` };
}

/** The model of a configuration with weights from a file. @throws CheckpointError for weights that do not fit. */
export async function openRankingWeights(
  from: string,
  { name, config }: { readonly name: string; readonly config: RankingRunConfig },
  place: Place,
): Promise<OpenRanking> {
  await describeInitialWeights(from);
  const data = await prepareRows(
    config.data,
    dataFolder(place.dataFolder),
    place.progress,
    config.model as ReadsHistory,
  );
  const ranking = rankingOf(config, data.split.train);
  const options = rankerOptions(config, ranking, data.split.train);
  const model = createModel({ ...config.model, kind: config.model.kind as string }, options) as Ranker;
  const notes: string[] = [];
  const { digest } = data.split.train.interactions;
  await loadWeights(from, model, { onNote: (note) => notes.push(note), data: digest, sameFeatures: true });
  return { config, data, ranking, model, notes, about: `${from} as ${name}` };
}
