import type { RecipeConfig } from '../../config/schema.ts';
import type { Dimension, Settings } from '../../config/search-space.ts';
import type { FlopsOfEpochs } from '../benchmark/training-flops.ts';
import type { Budget } from './budget.ts';
import { paidEpochs, type Segment } from './halving.ts';
import type { Rung } from './plan.ts';

/** What a search is; one in a folder is only gone on with when this is the same. */
export interface SearchIdentity {
  readonly recipe: string;
  /** What all trials share; the settings of a trial are changed in it. */
  readonly config: RecipeConfig;
  readonly space: readonly Dimension[];
  readonly trials: number;
  readonly eta: number;
  readonly seed: number;
  readonly budget?: Budget;
  /** Digest of the interactions. */
  readonly data: string;
}

/** A trial as tables show it. */
export interface TrialRow {
  /** Counted from 1. */
  readonly trial: number;
  readonly settings: Settings;
  readonly state: string;
  readonly epochs: number;
  /** Of the best epoch, on the validation set. */
  readonly value?: number;
  readonly bestEpoch?: number;
  /** Of training. */
  readonly flops?: number;
  /** Of training and evaluations. */
  readonly seconds: number;
  readonly curve: readonly (readonly [epoch: number, value: number])[];
  /** Of training up to each epoch of the curve. */
  readonly curveFlops?: readonly number[];
}

/** Everything that a search says: `trials.json`, and what another process goes on from. */
export interface SearchResult {
  readonly request: SearchIdentity;
  /** The metric that trials are compared by, on the validation set. */
  readonly metric: string;
  readonly journal: readonly Segment[];
  readonly isComplete: boolean;
  readonly rungs: readonly Rung[];
  readonly spent: number;
  readonly unit: Budget['unit'];
  readonly trials: readonly TrialRow[];
  /** Number of a trial. */
  readonly winner?: number;
}

/** The trial with the best value that has not failed; of equal ones the first. */
export function bestTrial(journal: readonly Segment[]): Segment | undefined {
  let best: Segment | undefined;
  for (const [, segment] of lastSegments(journal)) {
    if (segment.value === undefined) continue;
    const isBetter = best === undefined || segment.value > (best.value as number);
    const isFirst = segment.value === best?.value && segment.trial < best.trial;
    if (isBetter || isFirst) best = segment;
  }
  return best;
}

/** The newest segment of each trial that was trained. */
export function lastSegments(journal: readonly Segment[]): Map<number, Segment> {
  return new Map(journal.map((segment) => [segment.trial, segment]));
}

/** The rows of all trials, in the order in which they were drawn. */
export function trialRows(
  drawn: readonly Settings[],
  {
    journal,
    rungs,
    refused,
    flops,
  }: {
    readonly journal: readonly Segment[];
    readonly rungs: readonly Rung[];
    readonly refused: ReadonlyMap<number, string>;
    readonly flops: readonly (FlopsOfEpochs | undefined)[];
  },
): TrialRow[] {
  const last = lastSegments(journal);
  const best = bestTrial(journal)?.trial;
  return drawn.map((settings, i) => {
    const segment = last.get(i);
    const flopsOf = flops[i];
    const own = journal.filter(({ trial }) => trial === i);
    const curve = segment?.curve ?? [];
    return {
      trial: i + 1,
      settings,
      state: stateOf(segment, { rungs, refused: refused.get(i), isBest: i === best }),
      epochs: segment?.epochs ?? 0,
      ...(segment?.value !== undefined && { value: segment.value, bestEpoch: segment.bestEpoch }),
      ...(flopsOf && { flops: segment === undefined ? 0 : flopsOf(paidEpochs(segment)) }),
      seconds: own.reduce((sum, { seconds }) => sum + seconds, 0),
      curve,
      ...(flopsOf && { curveFlops: curve.map(([epoch]) => flopsOf(epoch)) }),
    };
  });
}

function stateOf(
  segment: Segment | undefined,
  {
    rungs,
    refused,
    isBest,
  }: { readonly rungs: readonly Rung[]; readonly refused: string | undefined; readonly isBest: boolean },
): string {
  if (refused !== undefined) return `refused: ${refused}`;
  if (segment === undefined) return 'not begun, the budget was spent';
  if (segment.failed !== undefined) return `failed: ${segment.failed}`;
  const rung = Math.max(0, segment.rung);
  const reached = rungs[rung] !== undefined && segment.epochs >= rungs[rung].epochs;
  const at = segment.ended ? 'ended by patience' : reached ? `rung ${rung + 1}` : 'the budget was spent';
  return isBest ? `best, ${at}` : at;
}
