import type { ExampleSet } from '@seqrec/data';
import {
  type Evaluation,
  easeBaseline,
  easeBytes,
  evaluateScorer,
  itemKnnBaseline,
  lastItemBaseline,
  markovBaseline,
  popularityBaseline,
  randomWalkBaseline,
  recentPopularityBaseline,
  type Scorer,
  slimBaseline,
  slimBytes,
} from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import type { BaselineName } from '../../config/baseline-names.ts';
import { formatBytes, formatCount, formatDuration } from '../../terminal/format.ts';
import { Interrupted } from '../process/stop.ts';
import { type EvaluationContext, protocolOf } from './evaluate-set.ts';
import { baselineListFigures } from './list-figures.ts';
import { withProgress } from './with-progress.ts';

/** A baseline on one set. */
export interface EvaluatedBaseline {
  readonly name: BaselineName;
  readonly split: string;
  readonly evaluation: Evaluation;
  /** What its lists are like, on the test set of the split where a configuration asks for them; else nothing. */
  readonly lists: Readonly<Record<string, number>>;
}

/** A baseline that was asked for and does not stand beside the model. */
export interface SkippedBaseline {
  readonly name: BaselineName;
  readonly reason: string;
}

export interface Baselines {
  readonly evaluated: readonly EvaluatedBaseline[];
  readonly skipped: readonly SkippedBaseline[];
}

/** What the `cpu` backend inverts in half a minute. */
const CPU_ITEMS = 2000;

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
  name: BaselineName,
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

async function fit(name: BaselineName, context: EvaluationContext): Promise<Scorer> {
  const { train } = context.data.split;
  switch (name) {
    case 'popularity':
      return popularityBaseline(train);
    case 'recent-popularity':
      return recentPopularityBaseline(train, context.options.recentPopularity);
    case 'markov':
      return markovBaseline(train);
    case 'random-walk':
      return randomWalkBaseline(train, context.options.randomWalk);
    case 'slim': {
      const { maxMemory: _, ...options } = context.options.slim;
      return withProgress('slim, items', context, (onProgress) => slimBaseline(train, { ...options, onProgress }));
    }
    case 'item-knn':
      return itemKnnBaseline(train);
    case 'last-item':
      return lastItemBaseline(train);
    case 'ease': {
      const { lambda } = context.options.ease;
      const { numItems } = train.interactions;
      context.progress.note(
        `ease: inverts ${formatCount(numItems)} items at most, in ${formatBytes(easeBytes(train))}`,
      );
      return withProgress('ease, blocks', context, (onProgress) => easeBaseline(train, { lambda, onProgress }));
    }
  }
}

function whySkipped(name: BaselineName, { data, options }: EvaluationContext): string | undefined {
  if (name === 'last-item' && options.excludeSeen)
    return 'does not apply where items of the history are no candidates (evaluation.excludeSeen)';
  const { train } = data.split;
  if (name === 'recent-popularity' && !train.interactions.hasTimestamps)
    return 'does not apply to events in order without times';
  if (name === 'slim') return tooLarge(name, slimBytes(train), options.slim.maxMemory);
  if (name !== 'ease') return undefined;
  const large = tooLarge(name, easeBytes(train), options.ease.maxMemory);
  if (large !== undefined) return large;
  const { numItems } = train.interactions;
  if (tf.getBackend() === 'cpu' && numItems > CPU_ITEMS)
    return `would take minutes on the cpu backend, with ${formatCount(numItems)} items; simd, wasm, webgpu and tensorflow take it`;
  return undefined;
}

export function tooLarge(name: 'ease' | 'slim', bytes: number, maxMemory: number): string | undefined {
  const limit = maxMemory * 2 ** 20;
  if (bytes <= limit) return undefined;
  const [needed, allowed] = [bytes, limit].map(formatBytes);
  const tooMuch = needed === allowed ? `a little more than ${allowed}` : `${needed}, more than ${allowed}`;
  return `needs ${tooMuch}; --evaluation.${name}.maxMemory ${Math.ceil(bytes / 2 ** 20)} takes it`;
}
