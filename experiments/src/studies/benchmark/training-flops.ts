import { type ExampleSet, makeBatch } from '@seqrec/data';
import { type Flops, languageBatch, languageSentences, spokenLanguage } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { type CodedItems, generationOf, readCodedItems } from '../../data/coded-items.ts';
import { withContent } from '../../data/content-vectors.ts';
import { trainingExamples } from '../../data/training-set.ts';
import { ConfigError, UsageError } from '../../errors.ts';
import { generationFlops, languageFlops } from '../../measure/flops/generation.ts';
import { batchFlops, totalFlops } from '../../measure/flops/step.ts';
import type { Budget } from '../search/budget.ts';
import { epochSums } from './epoch-sums.ts';

/** Epochs that are looked at, at least, where windows move from one to the next. */
const EPOCHS = 10;

/** Floating-point operations of a training by its epochs. */
export type FlopsOfEpochs = (epochs: number) => number;

/**
 * Floating-point operations of so many epochs of training, batch by batch: model and objective, forwards and
 * backwards, `2` for a product and a sum. Where windows move, the epochs after those that are looked at repeat them; of
 * what is drawn anew in each step, such as the sentences of a language, one draw. Nothing for a model or a loss whose
 * operations are not counted, and for generation before its codes are known.
 */
export async function trainingFlops(
  config: RecipeConfig,
  train: ExampleSet,
  coded?: CodedItems,
): Promise<FlopsOfEpochs | undefined> {
  if (isOfUnknownCodes(config, coded)) return undefined;
  try {
    return await countTraining(config, train, coded);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

const isOfUnknownCodes = (config: RecipeConfig, coded: CodedItems | undefined): boolean =>
  generationOf(config) !== undefined && coded === undefined;

/** {@link trainingFlops}. @throws ConfigError for a model or a loss whose operations are not counted. */
async function countTraining(
  config: RecipeConfig,
  train: ExampleSet,
  coded: CodedItems | undefined,
): Promise<FlopsOfEpochs> {
  const { examples, windows } = trainingExamples(config, train);
  const looked = Math.min(wholeTurns(config), config.training.epochs);
  const flopsOf = await flopsOfBatches(config, train, coded);
  const { batchSize } = config.training;
  const sums = epochSums(
    looked,
    (epoch) => windows?.examples(examples, epoch) ?? examples,
    (own) => spreadBatches(own, batchSize).reduce((sum, each, step) => sum + totalFlops(flopsOf(own, each, step)), 0),
  );
  return (epochs) => Math.floor(epochs / looked) * sums[looked] + sums[epochs % looked];
}

/** Epochs after which windows, or their lengths, come again: whole turns of a schedule and of the offset within it. */
function wholeTurns({ windows }: RecipeConfig): number {
  if (windows === undefined) return 1;
  const turn = ('schedule' in windows && windows.schedule?.epochs) || 1;
  const turns = 'offsetEpochs' in windows ? turn * windows.offsetEpochs : turn;
  return turns * Math.ceil(EPOCHS / turns);
}

type BatchFlops = (examples: ExampleSet, indices: Int32Array, step: number) => Flops;

async function flopsOfBatches(
  config: RecipeConfig,
  train: ExampleSet,
  coded: CodedItems | undefined,
): Promise<BatchFlops> {
  if (coded === undefined) return (examples, indices, step) => batchFlops(config, examples, indices, step);
  const { model, seed } = config;
  const language = generationOf(config)?.language;
  if (language !== undefined) {
    const spoken = spokenLanguage(language, coded.codes, train);
    const sentencesOf = languageSentences(spoken.language, spoken);
    return (examples, indices, step) => {
      const batch = makeBatch(examples, indices);
      const sentences = sentencesOf(batch, 0, indices.length, { training: true, seed, step });
      return languageFlops(model, spoken.language.count, languageBatch(sentences, spoken.language));
    };
  }
  const withVectors = await withContent(coded, train.interactions);
  return (examples, indices, step) => generationFlops(model, withVectors, lengthsOf(examples, indices), step);
}

/** Events of those with any. */
function lengthsOf({ starts, targets }: ExampleSet, indices: Int32Array): number[] {
  return Array.from(indices, (e) => targets[e] - starts[e]).filter((length) => length > 0);
}

/** Batches as a shuffled epoch has them, in that each has examples from everywhere in the set. */
function spreadBatches({ targets }: ExampleSet, batchSize: number): Int32Array[] {
  const steps = Math.ceil(targets.length / batchSize);
  return Array.from({ length: steps }, (_, step) =>
    Int32Array.from({ length: Math.ceil((targets.length - step) / steps) }, (_, k) => step + k * steps),
  );
}

const plannedCodes = (config: RecipeConfig, train: ExampleSet): Promise<CodedItems | undefined> =>
  readCodedItems(config, train, generationOf(config)?.idsFile);

/** {@link trainingFlops} of a run that is planned: of codes, where a file has them. */
export async function plannedFlops(config: RecipeConfig, train: ExampleSet): Promise<FlopsOfEpochs | undefined> {
  return trainingFlops(config, train, await plannedCodes(config, train));
}

/** @throws UsageError for a budget of operations where those of a configuration are not counted, with the reason. */
export async function checkCounted(
  option: string,
  budget: Budget,
  config: RecipeConfig,
  train: ExampleSet,
): Promise<void> {
  if (budget.unit !== 'flops') return;
  const coded = await plannedCodes(config, train);
  const refusal = (of: string, hint?: string): UsageError =>
    new UsageError(
      `--${option}: expected a time such as 20m, since the operations of ${config.model.kind} under ${config.objective.kind}${of}; got ${budget.most}`,
      hint,
    );
  if (isOfUnknownCodes(config, coded))
    throw refusal(' over codes that are fitted later are not counted', 'or codes of a file, task.idsFile');
  try {
    await countTraining(config, train, coded);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw refusal(` are not counted (${error.message})`);
  }
}
