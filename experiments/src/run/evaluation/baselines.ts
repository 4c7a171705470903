import type { ExampleSet } from '@seqrec/data';
import { baselineOf, type Evaluation, evaluateScorer, isOwnBaseline, type Scorer } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { RunError } from '../../errors.ts';
import { formatBytes, formatDuration } from '../../terminal/format.ts';
import { Interrupted } from '../process/stop.ts';
import { type EvaluationContext, protocolOf } from './evaluate-set.ts';
import { baselineListFigures } from './list-figures.ts';
import { selectionValue } from './selection.ts';
import { bestSettings, describeTuned, settingsToTry } from './tune-baseline.ts';
import { withProgress } from './with-progress.ts';

/** A baseline on one set. */
export interface EvaluatedBaseline {
  readonly name: string;
  readonly split: string;
  readonly evaluation: Evaluation;
  /** What its lists are like, on the test set of the split where a configuration asks for them; else nothing. */
  readonly lists: Readonly<Record<string, number>>;
  /** Which settings were chosen on the validation set, in words; absent where those that are given stand. */
  readonly tuned?: string;
}

/** A baseline that was asked for and does not stand beside the model. */
export interface SkippedBaseline {
  readonly name: string;
  readonly reason: string;
}

export interface Baselines {
  readonly evaluated: readonly EvaluatedBaseline[];
  readonly skipped: readonly SkippedBaseline[];
}

/**
 * The baselines of a configuration, fitted to the training part, on sets under the protocol of the models. One after
 * another, since some hold a matrix of items by items. A baseline that does not apply, is too large or fails is
 * skipped with its reason: a finished training is not lost to it.
 */
export async function evaluateBaselines(sets: Iterable<ExampleSet>, context: EvaluationContext): Promise<Baselines> {
  const evaluated: EvaluatedBaseline[] = [];
  const skipped: SkippedBaseline[] = [];
  const times: string[] = [];
  for (const name of context.options.baselines) {
    const began = performance.now();
    const reason = whySkipped(name, context);
    const own = reason === undefined ? await evaluateOne(name, sets, context) : reason;
    if (typeof own === 'string') {
      skipped.push({ name, reason: own });
      continue;
    }
    evaluated.push(...own);
    times.push(`${name} ${formatDuration((performance.now() - began) / 1000)}`);
  }
  if (times.length > 0) context.progress.note(`baselines: ${times.join(', ')}`);
  return { evaluated, skipped };
}

/** How the definition of an evaluation tells which settings were chosen. */
const CHOSEN = 'Settings: ';

/** How the scores of a baseline come about, from the definition of its evaluation. */
export function baselineDefinition(name: string, definition: readonly string[]): string[] {
  return definition
    .filter((line) => line.startsWith('Score: ') || line.startsWith(CHOSEN))
    .map((line) => `Baseline ${name}: ${line.slice(line.indexOf(' ') + 1)}`);
}

/** All sets, or why there is none. */
async function evaluateOne(
  name: string,
  sets: Iterable<ExampleSet>,
  context: EvaluationContext,
): Promise<EvaluatedBaseline[] | string> {
  const { train } = context.data.split;
  const definition = baselineOf(name);
  const [about, bytes] = [definition.about?.(train), definition.bytes?.(train)];
  if (about !== undefined && bytes !== undefined) context.progress.note(`${name}: ${about}, in ${formatBytes(bytes)}`);
  const chosen = await chosenSettings(name, context);
  if (typeof chosen === 'string') return chosen;
  return orWhyNot(name, async () => {
    const scorer = await fit(name, chosen.settings, context);
    const evaluated: EvaluatedBaseline[] = [];
    for (const set of sets) {
      const ranked = await rank(name, scorer, { set, context });
      const { tuned } = chosen;
      const told = tuned === undefined ? [] : [`${CHOSEN}${tuned}.`];
      const evaluation = { ...ranked, definition: [...ranked.definition, ...told] };
      const lists = set === context.data.split.test ? await baselineListFigures(scorer, set, context) : {};
      evaluated.push({ name, split: set.name, evaluation, lists, ...(tuned && { tuned }) });
    }
    return evaluated;
  });
}

/** Those that are given or, where baselines are tuned, the best of some on the validation set; or why none will do. */
async function chosenSettings(
  name: string,
  context: EvaluationContext,
): Promise<{ readonly settings: object; readonly tuned?: string } | string> {
  const given = baselineSection(name, context.options);
  const { settings: about } = baselineOf(name);
  const { tuneBaselines, selectBy } = context.options;
  const { validation } = context.data.split;
  if (!tuneBaselines || about?.tries === undefined) return { settings: given };
  if (validation === undefined) {
    context.progress.note(`${name}: not tuned, as the split has no validation set`);
    return { settings: given };
  }
  const tuned = await bestSettings(settingsToTry(given, about), selectBy, (settings) =>
    orWhyNot(name, async () => {
      const scorer = await fit(name, settings, context);
      return selectionValue(await rank(name, scorer, { set: validation, context }), selectBy);
    }),
  );
  if (typeof tuned === 'string') return tuned;
  const words = describeTuned(tuned, about.tries);
  context.progress.note(`${name}: ${words}`);
  return { settings: tuned.settings, tuned: words };
}

function rank(
  name: string,
  scorer: Scorer,
  { set, context }: { readonly set: ExampleSet; readonly context: EvaluationContext },
): Promise<Evaluation> {
  return withProgress(`${name} on ${set.name}, users`, context, (onProgress) =>
    evaluateScorer({ scorer, ...protocolOf(set, context), history: context.options.baselineHistory, onProgress }),
  );
}

/** What is made of a baseline, or why it cannot be fitted; whatever a plug-in's throws is its reason. */
async function orWhyNot<T>(name: string, make: () => Promise<T>): Promise<T | string> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    if (isOwnBaseline(name) && !isOfThisBaseline(error)) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

/** Of an inverse that float32 cannot hold. */
const OF_THE_INVERSE = /^(ease|inverse): /;

/** Too little memory, or an inverse that float32 cannot hold. */
function isOfThisBaseline(error: unknown): error is Error {
  if (error instanceof RangeError) return true;
  return error instanceof Error && (error.name === 'OutOfMemoryError' || OF_THE_INVERSE.test(error.message));
}

/** Whether a baseline that was left out would be again: not where another backend was slow, or memory was short. */
export function isStillSkipped({ name, reason }: SkippedBaseline, context: EvaluationContext): boolean {
  return OF_THE_INVERSE.test(reason) || reason === whySkipped(name, context);
}

async function fit(name: string, settings: object, context: EvaluationContext): Promise<Scorer> {
  const { train } = context.data.split;
  const definition = baselineOf(name);
  const scorer = await withProgress(`${name}, ${definition.steps ?? 'steps'}`, context, (onProgress) =>
    Promise.resolve(definition.fit(train, { settings, onProgress })),
  );
  if (typeof (scorer as Scorer | undefined)?.score === 'function') return scorer;
  throw new RunError(`baseline ${name}: expected a scorer of its fit, with a function score; got ${typeof scorer}`);
}

function whySkipped(name: string, { data, options }: EvaluationContext): string | undefined {
  const { train } = data.split;
  const definition = baselineOf(name);
  const { maxMemory } = baselineSection(name, options);
  const bytes = maxMemory === undefined ? undefined : definition.bytes?.(train);
  const { key = name } = definition.settings ?? {};
  const large = maxMemory === undefined || bytes === undefined ? undefined : tooLarge(key, bytes, maxMemory);
  return large ?? definition.unfit?.(train, options);
}

/** The settings of a baseline alone; nothing where it has none. */
export function baselineSection(name: string, options: RecipeConfig['evaluation']): { readonly maxMemory?: number } {
  const { settings } = baselineOf(name);
  if (settings === undefined) return {};
  return (options as Readonly<Record<string, unknown>>)[settings.key] as { readonly maxMemory?: number };
}

/** @param key where `evaluation` has its settings. */
export function tooLarge(key: string, bytes: number, maxMemory: number): string | undefined {
  const limit = maxMemory * 2 ** 20;
  if (bytes <= limit) return undefined;
  const [needed, allowed] = [bytes, limit].map(formatBytes);
  const tooMuch = needed === allowed ? `a little more than ${allowed}` : `${needed}, more than ${allowed}`;
  return `needs ${tooMuch}; --evaluation.${key}.maxMemory ${Math.ceil(bytes / 2 ** 20)} takes it`;
}
