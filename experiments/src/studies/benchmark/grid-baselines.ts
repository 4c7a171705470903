import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { baselineOf, isOwnBaseline } from '@seqrec/models';
import { baselineFile } from '../../run/evaluation/baseline-ranks.ts';
import { evaluateBaselines, isStillSkipped, type SkippedBaseline } from '../../run/evaluation/baselines.ts';
import type { EvaluationContext } from '../../run/evaluation/evaluate-set.ts';
import { readJson, writeJson } from '../../run/folder/atomic.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import { saveRanks } from '../../run/folder/ranks.ts';
import { inOrder } from '../../run/verdict/verdict.ts';
import {
  hasRanksOf,
  LIST_LENGTH,
  type ListFigures,
  OWN_TEST,
  ofLists,
  type TestSets,
  withNewMetrics,
} from './test-sets.ts';

/** The baselines of a protocol on data: metrics by test, and a file of ranks of each. */
export interface GridBaselines {
  /** What they were computed from and under: others are made anew. */
  readonly key: string;
  readonly rows: readonly {
    readonly name: string;
    readonly test: string;
    readonly metrics: Readonly<Record<string, number>>;
    readonly ranks: string;
    /** Of the targets of the split. */
    readonly lists?: ListFigures;
    /** Which settings were chosen on the validation set. */
    readonly tuned?: string;
  }[];
  readonly skipped: readonly SkippedBaseline[];
}

/**
 * Those that are kept in a folder for the same data, rules and tests, else made now and kept. With one that a plug-in
 * defines they are made anew: its code may have changed.
 */
export async function gridBaselines(
  folder: string,
  names: readonly string[],
  sets: TestSets,
  context: EvaluationContext,
): Promise<GridBaselines> {
  const { batchSize: _, checkpoint: __, ...rules } = context.options;
  const { digest, numItems } = context.data.split.interactions;
  const lists = Math.min(LIST_LENGTH, numItems);
  const key = JSON.stringify({
    digest,
    split: context.data.split.step.params,
    rules: { ...rules, baselines: names, lists },
    window: context.window,
    ...(context.options.tuneBaselines && { tries: names.map((name) => baselineOf(name).settings?.tries ?? null) }),
  });
  const file = join(folder, 'baselines.json');
  if (existsSync(file) && names.every(isOwnBaseline)) {
    const { rows, ...kept } = readJson(file) as GridBaselines;
    const isThere = names.every(
      (name) =>
        kept.skipped.some((each) => each.name === name && isStillSkipped(each, context)) ||
        [...sets].every(([test, set]) =>
          rows.some((row) => row.name === name && row.test === test && hasRanksOf(row.ranks, set)),
        ),
    );
    if (kept.key === key && isThere) {
      const asked = rows.filter(({ test }) => sets.has(test));
      const { ks } = context.options;
      return { ...kept, rows: asked.map((row) => ({ ...row, metrics: withNewMetrics(row.metrics, row.ranks, ks) })) };
    }
  }
  const options = { ...context.options, baselines: [...names], lists };
  const { evaluated, skipped } = await evaluateBaselines([...sets.values()], { ...context, options });
  makeFolder(folder);
  const rows: GridBaselines['rows'][number][] = [];
  // In the order of the sets.
  for (const [name, own] of Map.groupBy(evaluated, (each) => each.name))
    for (const [i, test] of [...sets.keys()].entries()) {
      const { evaluation, lists: figures, tuned } = own[i];
      const ranks = join(folder, `${baselineFile(name)}${test === OWN_TEST ? '' : `-${test}`}.safetensors`);
      const ordered = inOrder(evaluation);
      await saveRanks(ranks, { ...evaluation, ...ordered, ranks: Float64Array.from(ordered.ranks) }, name);
      rows.push({
        ...{ name, test, metrics: evaluation.metrics, ranks, ...(tuned && { tuned }) },
        ...(test === OWN_TEST && { lists: ofLists(figures, lists) }),
      });
    }
  const made = { key, rows, skipped };
  writeJson(file, made);
  return made;
}
