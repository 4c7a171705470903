import { createModel, loadWeights, type TokenEncoder } from '@seqrec/models';
import type { Override } from '../../arguments.ts';
import { recipeNames, resolveRun } from '../../config/load-recipe.ts';
import { type RunConfig, sequenceConfig } from '../../config/run-config.ts';
import { generationOf, readCodedItems } from '../../data/coded-items.ts';
import { withContent } from '../../data/content-vectors.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { prepareData } from '../../data/dataset.ts';
import { ConfigError, UsageError } from '../../errors.ts';
import type { Progress } from '../../terminal/progress.ts';
import { openRunDir, type RunDir } from '../folder/run-dir.ts';
import { describeInitialWeights } from './initial-weights.ts';
import type { EvaluatedModel } from './open-run.ts';
import { savedRun } from './resume.ts';
import { runModel } from './run-model.ts';

export interface WeightsRequest {
  /** The file of weights. */
  readonly from: string;
  /** A recipe, or a run whose configuration and data are meant. */
  readonly subject?: string;
  readonly configFile?: string;
  readonly overrides: readonly Override[];
  readonly out: string;
  readonly dataFolder?: string;
  readonly progress: Progress;
}

/**
 * A model with weights from a file, and the data of the configuration that goes with them: that of a recipe, of
 * a YAML file or of a run.
 *
 * @throws UsageError when none is named. @throws CheckpointError listing every tensor that does not fit.
 */
export async function openWeights(request: WeightsRequest): Promise<EvaluatedModel> {
  const { from, progress } = request;
  await describeInitialWeights(from);
  const { name, config: given, run } = await subjectConfig(request);
  const config = sequenceConfig(given, name);
  const prepared = await prepareData(config.data, dataFolder(request.dataFolder), progress);
  const task = generationOf(config);
  const ids = run?.ids ?? task?.idsFile;
  if (task !== undefined && ids === undefined)
    throw new ConfigError(
      'task.idsFile: expected the file of ids that the weights were trained with; got ids that would be fitted anew',
      'runs of generation keep theirs as ids.safetensors',
    );
  const coded = await readCodedItems(config, prepared.split.train, ids);
  const generation = coded && (await withContent(coded, prepared.split.interactions));
  const data = { ...prepared, ...(generation && { generation }) };
  const made = runModel(config, data);
  const model = createModel(made.config, made.options) as TokenEncoder;
  await loadWeights(from, model, {
    onNote: (note) => progress.note(`note: ${note}`),
    data: data.split.train.interactions.digest,
    sameFeatures: true,
  });
  return { run: { id: from }, name, config, data, model, epoch: 0, about: `${from} as ${name}` };
}

/** The configuration that a command is about, and its run, where it is of one. @throws UsageError for none. */
export async function subjectConfig(
  request: Pick<WeightsRequest, 'subject' | 'configFile' | 'overrides' | 'out'>,
): Promise<{ readonly name: string; readonly config: RunConfig; readonly run?: RunDir }> {
  const { subject, configFile: file, overrides } = request;
  if (file !== undefined || (subject !== undefined && recipeNames().includes(subject)))
    return resolveRun({ ...(subject !== undefined && { recipe: subject }), file, overrides });
  if (subject === undefined)
    throw new UsageError(
      'seqrec evaluate --from: expected a recipe, a run or --config FILE, whose model the weights are; got none',
      'for example: seqrec evaluate ml-100k/hstu --from weights.safetensors',
    );
  if (overrides.length > 0)
    throw new UsageError(`--${overrides[0].key}: expected it with a recipe or --config; got a run`);
  const run = openRunDir(request.out, subject);
  return { ...savedRun(run), run };
}
