import type { FlopsOfEpochs } from '../benchmark/training-flops.ts';
import type { Budget } from './budget.ts';
import { type PlanRequest, planRungs, planWithin, type Rung } from './plan.ts';

/** A trial that was trained on to a number of epochs. */
export interface Segment {
  readonly trial: number;
  /** Number of the rung; -1: the epochs by which a budget in time is planned. */
  readonly rung: number;
  /** All epochs of the trial by now. */
  readonly epochs: number;
  /** The metric of the best epoch by now, on the validation set; absent where there is none, or it failed. */
  readonly value?: number;
  readonly bestEpoch?: number;
  /** Of these epochs alone: training and evaluations. */
  readonly seconds: number;
  /** The metric after each evaluation. */
  readonly curve?: readonly (readonly [epoch: number, value: number])[];
  /** Patience ended it: it is not trained on, and keeps its value. */
  readonly ended: boolean;
  /** Why it failed; it is not trained on. */
  readonly failed?: string;
  /** Epochs that it had begun when it failed. */
  readonly begun?: number;
}

/** Epochs that a trial has to pay for: one that it failed in as a whole. */
export const paidEpochs = ({ epochs, begun = epochs }: Pick<Segment, 'epochs' | 'begun'>): number => begun;

/** What a trainer says of a trial that it trained on. */
export type Trained = Omit<Segment, 'trial' | 'rung'>;

export interface HalvingRequest extends Omit<PlanRequest, 'trials'> {
  /** Operations of each trial by its epochs; absent where they are not counted. */
  readonly flops: readonly (FlopsOfEpochs | undefined)[];
  /** Trials whose settings no model has: they are not trained. */
  readonly refused: ReadonlySet<number>;
  readonly budget?: Budget;
}

export interface HalvingHooks {
  /** What an earlier process did, and this one; it is read in place of training. */
  readonly journal: Segment[];
  /** A segment was added. */
  saved(): void;
  /** Trains a trial up to so many epochs in all; may stop earlier where `isSpent` says so after an epoch. */
  train(trial: number, epochs: number, isSpent: (seconds: number) => boolean): Promise<Trained>;
}

export interface HalvingOutcome {
  readonly rungs: readonly Rung[];
  /** Operations or seconds, as the budget counts; without one, operations where all are counted, else seconds. */
  readonly spent: number;
}

/**
 * Successive halving over the trials. Follows from the request and the journal alone, so a search that was ended at any
 * moment goes on as if nothing had happened. Trials stop where the budget does: the last one gets as many whole
 * evaluations as it has room for.
 */
export async function runHalving(request: HalvingRequest, hooks: HalvingHooks): Promise<HalvingOutcome> {
  const { flops, eta, every, epochs, budget } = request;
  const trials = flops.map((_, i) => i).filter((i) => !request.refused.has(i));
  const plan = { trials: trials.length, eta, epochs, every };
  const unit = Math.min(every, epochs);
  const counted = trials.every((i) => flops[i] !== undefined);
  const inFlops = budget === undefined ? counted : budget.unit === 'flops';
  const most = budget?.most ?? Number.POSITIVE_INFINITY;
  const last = new Map<number, Segment>();
  const seconds = new Map<number, number>();
  let spent = 0;

  const flopsBetween = (trial: number, from: number, to: number): number => {
    const flopsOf = flops[trial] as FlopsOfEpochs;
    return flopsOf(to) - flopsOf(from);
  };
  /** Of an epoch, on average; unknown before the first one. */
  const secondsOf = (trial: number): number | undefined => {
    const done = last.get(trial);
    return done === undefined || done.epochs === 0 ? undefined : (seconds.get(trial) ?? 0) / done.epochs;
  };
  const costBetween = (trial: number, from: number, to: number): number =>
    inFlops ? flopsBetween(trial, from, to) : (secondsOf(trial) ?? 0) * (to - from);
  /** Epochs to which the budget pays: `target`, or the last evaluation before it. */
  const paidFor = (from: number, target: number, costTo: (epochs: number) => number): number => {
    let goal = target;
    while (goal > from && costTo(goal) > (most - spent) * (1 + 1e-9)) goal = Math.floor((goal - 1) / unit) * unit;
    return Math.max(from, goal);
  };
  const paidForOne = (trial: number, target: number): number => {
    const done = last.get(trial)?.epochs ?? 0;
    if (!inFlops && secondsOf(trial) === undefined) return spent < most ? target : done;
    return paidFor(done, target, (goal) => costBetween(trial, done, goal));
  };
  const advance = async (trial: number, rung: number, target: number): Promise<void> => {
    const before = last.get(trial);
    if (before?.ended || before?.failed !== undefined) return;
    const goal = paidForOne(trial, target);
    if (goal <= (before?.epochs ?? 0)) return;
    let segment = hooks.journal.find((each) => each.trial === trial && each.rung === rung);
    if (segment === undefined) {
      const start = spent;
      const isSpent = (own: number): boolean => !inFlops && start + own >= most;
      segment = { trial, rung, ...(await hooks.train(trial, goal, isSpent)) };
      hooks.journal.push(segment);
      hooks.saved();
    }
    last.set(trial, segment);
    seconds.set(trial, (seconds.get(trial) ?? 0) + segment.seconds);
    spent += inFlops ? flopsBetween(trial, before?.epochs ?? 0, paidEpochs(segment)) : segment.seconds;
  };

  let rungs = planRungs(plan);
  if (budget?.unit === 'flops')
    rungs = planWithin(plan, most, (done) => mean(trials.map((i) => flopsBetween(i, 0, done))));
  else if (budget !== undefined) {
    // What an epoch takes is not known before: one evaluation of each, which the first rung has anyway.
    for (const trial of trials) await advance(trial, -1, unit);
    const measured = trials.flatMap((i) => secondsOf(i) ?? []);
    rungs = measured.length === 0 ? [] : planWithin(plan, most / mean(measured));
  }
  let left = trials;
  const climb = async ({ epochs: target, trials: room }: Rung, k: number): Promise<void> => {
    left = ranked(left, last).slice(0, room);
    if (k > 0) left = left.filter((trial) => last.get(trial)?.value !== undefined);
    // In the order of the trials, so that a budget that ends inside a rung favours none.
    left.sort((a, b) => a - b);
    for (const trial of left) await advance(trial, k, target);
    left = left.filter((trial) => last.get(trial)?.failed === undefined);
  };
  for (const [k, rung] of rungs.entries()) await climb(rung, k);
  // What failures, patience and whole epochs have left of the budget goes to further rungs of the same kind.
  for (let room = Math.floor(left.length / eta); budget !== undefined && room >= 2; room = Math.floor(room / eta)) {
    const from = rungs.at(-1)?.epochs ?? epochs;
    const next = ranked(left, last).slice(0, room);
    const going = next.filter((trial) => !last.get(trial)?.ended);
    const costTo = (goal: number): number => {
      // In time a last evaluation after fewer epochs is taken for a whole one.
      const to = inFlops ? goal : from + Math.ceil((goal - from) / unit) * unit;
      return going.reduce((sum, trial) => sum + costBetween(trial, from, to), 0);
    };
    const rung = { epochs: paidFor(from, Math.min(epochs, from * eta), costTo), trials: room };
    if (!(costTo(rung.epochs) > 0)) break;
    rungs = [...rungs, rung];
    await climb(rung, rungs.length - 1);
  }
  return { rungs, spent };
}

/** The best first; of equal ones the first. */
const ranked = (trials: readonly number[], last: ReadonlyMap<number, Segment>): number[] =>
  [...trials].sort((a, b) => compare(last.get(a), last.get(b)) || a - b);

/** The better value first; a trial without one last. */
function compare(a: Segment | undefined, b: Segment | undefined): number {
  const [x, y] = [a?.value, b?.value];
  if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
  return y - x;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
