import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ExampleSet } from '@seqrec/data';
import type { Evaluation } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { makeFolder } from '../folder/make-folder.ts';
import { readRanks, saveRanks } from '../folder/ranks.ts';
import type { RunDir } from '../folder/run-dir.ts';
import { inOrder, type RankedBaseline } from '../verdict/verdict.ts';
import {
  baselineDefinition,
  baselineSection,
  type EvaluatedBaseline,
  evaluateBaselines,
  type SkippedBaseline,
} from './baselines.ts';
import type { EvaluationContext } from './evaluate-set.ts';
import { definedProtocol, protocolDifferences, rankingRules } from './protocol.ts';

/** Keeps the ranks of baselines beside a run: they do not depend on the model. */
export async function saveBaselineRanks(run: RunDir, evaluated: readonly EvaluatedBaseline[]): Promise<void> {
  if (evaluated.length > 0) makeFolder(run.baselines);
  for (const { name, split, evaluation } of evaluated) {
    const ordered = inOrder(evaluation);
    const ranks = Float64Array.from(ordered.ranks);
    await saveRanks(fileOf(run, name, split), { ...evaluation, ...ordered, ranks }, name);
  }
}

interface Kept {
  readonly ranks: RankedBaseline['ranks'];
  readonly definition: readonly string[];
}

/** What stands beside an evaluation of a run. */
export interface BaselinesBeside {
  readonly ranked: readonly RankedBaseline[];
  readonly skipped: readonly SkippedBaseline[];
  /** How the scores of each come about. */
  readonly definitions: readonly string[];
}

/**
 * The baselines of `context.options` beside an evaluation of a set: those kept with the run where they were ranked
 * under the same rules, else made now.
 *
 * @param run Its folder, where there is one. @param config of the run; the options of the context may differ from it.
 */
export async function baselinesBeside(
  { run, config }: { readonly run: RunDir | undefined; readonly config: RecipeConfig },
  { set, evaluation }: { readonly set: ExampleSet; readonly evaluation: Evaluation },
  context: EvaluationContext,
): Promise<BaselinesBeside> {
  const { options } = context;
  const sameRules = isDeepStrictEqual(rankingRules(options), rankingRules(config.evaluation));
  const kept = new Map(
    options.baselines.flatMap((name) => {
      const same = sameRules && isDeepStrictEqual(settingsOf(name, options), settingsOf(name, config.evaluation));
      const found = same && run !== undefined ? keptRanks(run, name, { set, evaluation }) : undefined;
      return found === undefined ? [] : [[name, found] as const];
    }),
  );
  const missing = options.baselines.filter((name) => !kept.has(name));
  const made = await evaluateBaselines([set], { ...context, options: { ...options, baselines: missing } });
  const beside = new Map<string, Kept>(kept);
  for (const { name, evaluation: own } of made.evaluated)
    beside.set(name, { ranks: inOrder(own), definition: own.definition });
  const present = options.baselines.flatMap((name) => {
    const found = beside.get(name);
    return found === undefined ? [] : [{ name, ...found }];
  });
  return {
    ranked: present,
    skipped: made.skipped,
    definitions: present.flatMap(({ name, definition }) => baselineDefinition(name, definition)),
  };
}

/** What decides the scores of a baseline: how much memory it may take does not. */
export function settingsOf(name: string, options: RecipeConfig['evaluation']): object {
  const own = Object.entries(baselineSection(name, options)).filter(([key]) => key !== 'maxMemory');
  return { history: options.baselineHistory, own, ...(options.tuneBaselines && { tunedBy: options.selectBy }) };
}

/** Of the set and candidates that the evaluation says; the tie rule of a baseline may be its own. */
function keptRanks(
  run: RunDir,
  name: string,
  { set, evaluation }: { readonly set: ExampleSet; readonly evaluation: Evaluation },
): Kept | undefined {
  const file = fileOf(run, name, set.name);
  if (!existsSync(file)) return undefined;
  const saved = readRanks(file);
  const differences = protocolDifferences(definedProtocol(evaluation.definition), definedProtocol(saved.definition));
  return differences.every(({ key }) => key === 'rank and ties')
    ? { ranks: saved, definition: saved.definition }
    : undefined;
}

function fileOf(run: RunDir, name: string, split: string): string {
  return join(run.baselines, `${split}-${baselineFile(name)}.safetensors`);
}

/** What a baseline is called in the name of a file: `own/x` as `own-x`. */
export const baselineFile = (name: string): string => name.replaceAll('/', '-');
