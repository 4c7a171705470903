import type { ExampleSet } from '@seqrec/data';
import { baselineOf, type Evaluation, evaluateScorer, type Scorer } from '@seqrec/models';
import { sectionOfBaseline } from '../../config/baseline-names.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { formatBytes, formatDuration } from '../../terminal/format.ts';
import { Interrupted } from '../process/stop.ts';
import { type EvaluationContext, protocolOf } from './evaluate-set.ts';
import { baselineListFigures } from './list-figures.ts';
import { withProgress } from './with-progress.ts';

/** A baseline on one set. */
export interface EvaluatedBaseline {
  readonly name: string;
  readonly split: string;
  readonly evaluation: Evaluation;
  /** What its lists are like, on the test set of the split where a configuration asks for them; else nothing. */
  readonly lists: Readonly<Record<string, number>>;
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

/** How the scores of a baseline come about, from the definition of its evaluation. */
export function baselineDefinition(name: string, definition: readonly string[]): string[] {
  return definition
    .filter((line) => line.startsWith('Score: '))
    .map((line) => `Baseline ${name}: ${line.slice('Score: '.length)}`);
}

/** All sets, or why there is none. */
async function evaluateOne(
  name: string,
  sets: Iterable<ExampleSet>,
  context: EvaluationContext,
): Promise<EvaluatedBaseline[] | string> {
  try {
    const scorer = await fit(name, context);
    const evaluated: EvaluatedBaseline[] = [];
    for (const set of sets) {
      const evaluation = await withProgress(`${name} on ${set.name}, users`, context, (onProgress) =>
        evaluateScorer({ scorer, ...protocolOf(set, context), history: context.options.baselineHistory, onProgress }),
      );
      const lists = set === context.data.split.test ? await baselineListFigures(scorer, set, context) : {};
      evaluated.push({ name, split: set.name, evaluation, lists });
    }
    return evaluated;
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    if (!isOfThisBaseline(error)) throw error;
    return error.message;
  }
}

/** Too little memory, or an inverse that float32 cannot hold. */
function isOfThisBaseline(error: unknown): error is Error {
  if (error instanceof RangeError) return true;
  return error instanceof Error && (error.name === 'OutOfMemoryError' || /^(ease|inverse): /.test(error.message));
}

async function fit(name: string, context: EvaluationContext): Promise<Scorer> {
  const { train } = context.data.split;
  const definition = baselineOf(name);
  const [about, bytes] = [definition.about?.(train), definition.bytes?.(train)];
  if (about !== undefined && bytes !== undefined) context.progress.note(`${name}: ${about}, in ${formatBytes(bytes)}`);
  const settings = baselineSection(name, context.options);
  return withProgress(`${name}, ${definition.steps ?? 'steps'}`, context, (onProgress) =>
    Promise.resolve(definition.fit(train, { settings, onProgress })),
  );
}

function whySkipped(name: string, { data, options }: EvaluationContext): string | undefined {
  const { train } = data.split;
  const definition = baselineOf(name);
  const { maxMemory } = baselineSection(name, options);
  const bytes = maxMemory === undefined ? undefined : definition.bytes?.(train);
  const large = maxMemory === undefined || bytes === undefined ? undefined : tooLarge(name, bytes, maxMemory);
  return large ?? definition.unfit?.(train, options);
}

/** The settings of a baseline alone; nothing where it has none. */
export function baselineSection(name: string, options: RecipeConfig['evaluation']): { readonly maxMemory?: number } {
  const section = Object.hasOwn(sectionOfBaseline, name)
    ? sectionOfBaseline[name as keyof typeof sectionOfBaseline]
    : undefined;
  return section === undefined ? {} : (options[section] as { readonly maxMemory?: number });
}

export function tooLarge(name: string, bytes: number, maxMemory: number): string | undefined {
  const limit = maxMemory * 2 ** 20;
  if (bytes <= limit) return undefined;
  const [needed, allowed] = [bytes, limit].map(formatBytes);
  const tooMuch = needed === allowed ? `a little more than ${allowed}` : `${needed}, more than ${allowed}`;
  return `needs ${tooMuch}; --evaluation.${name}.maxMemory ${Math.ceil(bytes / 2 ** 20)} takes it`;
}
