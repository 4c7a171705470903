import { UnsupportedError } from '../errors.ts';

export interface PlateauOptions {
  /** Whether a small value is better (a loss) or a large one (HR@10). */
  readonly mode: 'min' | 'max';
  /** What the rate is multiplied by, default 0.1. */
  readonly factor?: number;
  /** Values without an improvement that are let pass, default 10. */
  readonly patience?: number;
  /** By how much a value must be better than the best, default 1e-4. */
  readonly threshold?: number;
  /**
   * `relative`, the default: by `threshold |best|`; `absolute`: by `threshold`; `signed`: PyTorch's relative form,
   * `best (1 +- threshold)`, under which a slightly worse value passes for better when the best is negative.
   */
  readonly thresholdMode?: 'relative' | 'absolute' | 'signed';
  /** Values after a reduction that do not count, default 0. */
  readonly cooldown?: number;
  /** The rate is multiplied by no less than this in all, default 0. */
  readonly floor?: number;
  /** A reduction by no more than this is left out, default 0; PyTorch's is 1e-8 over the learning rate. */
  readonly leastChange?: number;
}

/** Where a plateau rule stands: plain JSON, for a checkpoint. */
export interface PlateauState {
  /** What the learning rate is multiplied by now. */
  readonly factor: number;
  /** The best value so far, null before the first. */
  readonly best: number | null;
  /** Values since then without an improvement. */
  readonly bad: number;
  /** Values that do not count yet. */
  readonly cooling: number;
}

/** Before the first value. */
export const plateauStart: PlateauState = { factor: 1, best: null, bad: 0, cooling: 0 };

/**
 * The state after one more value of a metric: the factor falls when more than `patience` values in a row were no
 * improvement. A pure function; a value that is NaN or infinite is no improvement (in PyTorch one that is infinitely
 * good is the best for ever).
 *
 * @throws UnsupportedError for an option outside its range.
 * Source: `torch.optim.lr_scheduler.ReduceLROnPlateau`.
 */
export function plateauNext(state: PlateauState, value: number, options: PlateauOptions): PlateauState {
  const { factor = 0.1, patience = 10, cooldown = 0, floor = 0, leastChange = 0 } = options;
  if (!(factor >= 0 && factor < 1 && patience >= 0 && cooldown >= 0 && floor >= 0 && leastChange >= 0)) {
    throw new UnsupportedError(
      `plateau: expected factor in [0, 1), patience, cooldown, floor and leastChange >= 0; got ${[factor, patience, cooldown, floor, leastChange].join(', ')}`,
    );
  }
  const better = isBetter(value, state.best, options);
  const best = better ? value : state.best;
  const cooling = Math.max(0, state.cooling - 1);
  const bad = better || state.cooling > 0 ? 0 : state.bad + 1;
  if (bad <= patience) return { factor: state.factor, best, bad, cooling };
  const reduced = Math.max(state.factor * factor, floor);
  return { factor: state.factor - reduced > leastChange ? reduced : state.factor, best, bad: 0, cooling: cooldown };
}

function isBetter(
  value: number,
  best: number | null,
  { mode, threshold = 1e-4, thresholdMode = 'relative' }: PlateauOptions,
): boolean {
  // An infinite best would have an infinite margin: nothing after it would be better.
  if (!Number.isFinite(value)) return false;
  if (best === null) return true;
  const scale = { absolute: 1, relative: Math.abs(best), signed: best }[thresholdMode];
  const margin = threshold * scale;
  return mode === 'min' ? value < best - margin : value > best + margin;
}
