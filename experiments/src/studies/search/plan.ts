/** A moment at which trials are compared. */
export interface Rung {
  /** Epochs that each trial of it has been trained for, from the first one on. */
  readonly epochs: number;
  /** How many trials reach it. */
  readonly trials: number;
}

export interface PlanRequest {
  readonly trials: number;
  readonly eta: number;
  /** Most epochs of a trial. */
  readonly epochs: number;
  /** Epochs between evaluations: a rung ends with one. */
  readonly every: number;
}

/**
 * Successive halving: `n_k = floor(n / eta^k)` trials are trained for `e_k = E / eta^(s - k)` epochs each, taken to
 * whole evaluations, for `k` in `0 .. s`. `s` is the largest at which a trial is left at the last rung and the first
 * one holds an evaluation.
 *
 * Source: Jamieson & Talwalkar 2016, algorithm 1; in the form of Li et al. 2018, "Hyperband", algorithm 1, inner loop.
 */
export function planRungs({ trials, eta, epochs, every }: PlanRequest): Rung[] {
  const unit = Math.min(every, epochs);
  let last = 0;
  while (eta ** (last + 1) <= trials && unit * eta ** (last + 1) <= epochs) last++;
  const rungs: Rung[] = [];
  for (let k = 0; k <= last; k++) {
    const share = epochs / eta ** (last - k);
    const whole = k === last ? epochs : unit * Math.max(1, Math.round(share / unit));
    rungs.push({ epochs: whole, trials: Math.max(1, Math.floor(trials / eta ** k)) });
  }
  // Rounding may bring two together: the earlier one then selects alone.
  return rungs.filter(({ epochs: own }, k) => k === last || own < rungs[k + 1].epochs);
}

/** What so many epochs of a trial cost; by default each is one. */
type CostOf = (epochs: number) => number;
const each: CostOf = (epochs) => epochs;

/** What a plan costs, of all trials together: what a trial was trained for before is not trained again. */
export function plannedCost(rungs: readonly Rung[], costOf = each): number {
  const before = (k: number): number => (k === 0 ? 0 : costOf(rungs[k - 1].epochs));
  return rungs.reduce((sum, { epochs, trials }, k) => sum + trials * (costOf(epochs) - before(k)), 0);
}

/** The longest plan whose epochs cost no more than that; where not even the shortest does, that one. */
export function planWithin(request: PlanRequest, affordable: number, costOf = each): Rung[] {
  const unit = Math.min(request.every, request.epochs);
  const lengths = [request.epochs];
  for (let e = Math.floor((request.epochs - 1) / unit) * unit; e >= unit; e -= unit) lengths.push(e);
  for (const epochs of lengths) {
    const rungs = planRungs({ ...request, epochs });
    if (plannedCost(rungs, costOf) <= affordable) return rungs;
  }
  return [{ epochs: unit, trials: request.trials }];
}
