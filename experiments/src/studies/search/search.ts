import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Override } from '../../arguments.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import type { Dimension, Settings } from '../../config/search-space.ts';
import { withoutBaselines } from '../../config/without-baselines.ts';
import { RunError, UsageError } from '../../errors.ts';
import { readJson, writeJson } from '../../run/folder/atomic.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import { runDirAt } from '../../run/folder/run-dir.ts';
import { lockRun, type RunLock } from '../../run/folder/run-lock.ts';
import { checkAgainstData } from '../../run/open/check-config.ts';
import { checkMemory } from '../../run/open/check-memory.ts';
import { firstDifference } from '../../run/open/resume.ts';
import { formatMetric } from '../../terminal/format.ts';
import { checkCounted, plannedFlops } from '../benchmark/training-flops.ts';
import { type Budget, inWords } from './budget.ts';
import { checkChooses, checkRankedAlike } from './check-space.ts';
import { drawTrials } from './draw.ts';
import { runHalving, type Segment } from './halving.ts';
import { bestTrial, type SearchIdentity, type SearchResult, trialRows } from './result.ts';
import { type TrialContext, trainTrial } from './trials.ts';

export interface SearchRequest extends Omit<TrialContext, 'out'> {
  /** Folder of the search; its runs lie in `trials`. */
  readonly out: string;
  /** What all trials share. */
  readonly config: RecipeConfig;
  /** The configuration with settings of a trial. @throws ConfigError for settings that no model has */
  resolve(settings: readonly Override[]): Promise<RecipeConfig>;
  readonly space: readonly Dimension[];
  readonly trials: number;
  readonly eta: number;
  readonly seed: number;
  readonly budget?: Budget;
}

/** What was searched, and the configuration that won. */
export interface Searched {
  readonly result: SearchResult;
  readonly winner?: RecipeConfig;
}

export const overridesIn = (settings: Settings): Override[] =>
  Object.entries(settings).map(([key, text]) => ({ key, text }));

/**
 * Random search with successive halving on the validation set. What the folder holds of the same search is not done
 * again.
 *
 * @throws Interrupted when a signal stopped it; all is saved.
 * @throws ConfigError when there is nothing to choose by, or no trial is a configuration.
 */
export async function search(request: SearchRequest): Promise<Searched> {
  const { out, name, config, data, space, trials, eta, seed, budget, progress } = request;
  const { split } = data;
  checkChooses(split);
  checkRankedAlike(space, config.evaluation);
  const identity: SearchIdentity = {
    ...{ recipe: name, config, space, trials, eta, seed, ...(budget && { budget }) },
    data: split.interactions.digest,
  };
  const file = join(out, 'trials.json');
  const saved = savedSearch(file, identity);
  const drawn = drawTrials(space, seed, trials);
  const refused = new Map<number, string>();
  const configs: (RecipeConfig | undefined)[] = [];
  let firstRefusal: unknown;
  for (const [i, settings] of drawn.entries())
    try {
      const resolved = await request.resolve(overridesIn(settings));
      checkAgainstData(resolved, data);
      // Beforehand, so that what cannot be trained is not planned for.
      checkMemory(resolved, data);
      configs.push(resolved);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      firstRefusal ??= error;
      refused.set(i, error.message.split('\n')[0]);
      configs.push(undefined);
    }
  if (refused.size === drawn.length) throw firstRefusal;
  const flops = await Promise.all(configs.map((each) => each && plannedFlops(each, split.train)));
  const counted = configs.every((each, i) => each === undefined || flops[i] !== undefined);
  for (const [i, each] of configs.entries())
    if (each && budget && flops[i] === undefined) await checkCounted('budget', budget, each, split.train);

  makeFolder(join(out, 'trials'));
  // Whoever finds everything there only reads it: jobs of a grid do so at one time.
  let lock: RunLock | undefined;
  const journal: Segment[] = [...(saved?.journal ?? [])];
  const { selectBy: metric } = config.evaluation;
  const resultOf = (state: Pick<SearchResult, 'isComplete' | 'rungs' | 'spent'>): SearchResult => {
    const winner = bestTrial(journal)?.trial;
    return {
      ...{ request: identity, metric, journal, ...state },
      unit: budget?.unit ?? (counted ? 'flops' : 'seconds'),
      trials: trialRows(drawn, { journal, rungs: state.rungs, refused, flops }),
      ...(winner !== undefined && { winner: winner + 1 }),
    };
  };
  try {
    const { epochs, evaluateEvery } = config.training;
    const outcome = await runHalving(
      {
        ...{ flops, refused: new Set(refused.keys()), eta, epochs, every: evaluateEvery },
        ...(budget && { budget }),
      },
      {
        journal,
        saved: () => writeJson(file, resultOf({ isComplete: false, rungs: [], spent: 0 })),
        train: async (trial, target, isSpent) => {
          lock ??= lockRun(runDirAt(out));
          const before = journal.reduce((sum, each) => sum + (each.trial === trial ? each.seconds : 0), 0);
          progress.note(`trial ${trial + 1} of ${drawn.length}, to epoch ${target}: ${settingsInWords(drawn[trial])}`);
          const trained = await trainTrial(
            { config: configs[trial] as RecipeConfig, epochs: target, before, isSpent },
            { ...request, out: join(out, 'trials') },
          );
          progress.note(
            trained.failed === undefined
              ? `trial ${trial + 1}: ${metric} ${formatMetric(trained.value)} by epoch ${trained.epochs}`
              : `trial ${trial + 1} failed: ${trained.failed}`,
          );
          return trained;
        },
      },
    );
    const result = resultOf({ ...outcome, isComplete: true });
    writeJson(file, result);
    progress.note(`${basename(out)}: ${inWords(result, result.spent)} spent`);
    const winner = result.winner === undefined ? undefined : configs[result.winner - 1];
    return { result, ...(winner && { winner }) };
  } finally {
    lock?.release();
  }
}

export function settingsInWords(settings: Settings): string {
  return Object.entries(settings)
    .map(([key, text]) => `${key} ${text}`)
    .join(', ');
}

/** The search in the folder, when there is one. @throws RunError when it is another. */
function savedSearch(file: string, expected: SearchIdentity): SearchResult | undefined {
  if (!existsSync(file)) return undefined;
  const saved = readJson(file) as SearchResult;
  const wanted = JSON.parse(JSON.stringify(expected)) as SearchIdentity;
  const compared = ({ config, ...request }: SearchIdentity) => ({ ...request, config: withoutBaselines(config) });
  const difference = firstDifference(compared(saved.request), compared(wanted), 'request');
  if (difference === undefined) return saved;
  throw new RunError(
    `${file}: ${difference.key}: expected ${difference.before} as in the search of this folder; got ${difference.after}; choose another --out, or remove the folder`,
  );
}
