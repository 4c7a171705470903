import { formatCount, formatDuration } from './format.ts';

/** Where progress goes; the parts of `process.stderr` that are used. */
export interface ProgressTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly target?: ProgressTarget;
  /** Milliseconds, monotonic; a test passes its own clock. */
  readonly now?: () => number;
  readonly quiet?: boolean;
  /** Milliseconds between redraws on a terminal. */
  readonly redrawEvery?: number;
  /** Milliseconds between lines elsewhere (a file, a continuous-integration log). */
  readonly lineEvery?: number;
}

export interface ProgressState {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  /** Fields between the counter and the time, such as `loss 3.214`. */
  readonly fields?: readonly string[];
  /** Whether it may end before `total`, as training with a patience does. */
  readonly mayStop?: boolean;
}

/**
 * One meter: a single line redrawn in place on a terminal, a line now and then elsewhere, nothing when quiet.
 *
 * Time left is what remains divided by the mean rate since `start`, so a resumed run does not count earlier work.
 */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #target: ProgressTarget;
  readonly #now: () => number;
  readonly #quiet: boolean;
  readonly #interval: number;
  #startedAt: number;
  #startedDone = 0;
  #lastShown = Number.NEGATIVE_INFINITY;
  #lineOpen = false;

  constructor(options: ProgressOptions = {}) {
    this.#options = options;
    this.#target = options.target ?? process.stderr;
    this.#now = options.now ?? (() => performance.now());
    this.#quiet = options.quiet ?? false;
    this.#interval = this.#target.isTTY ? (options.redrawEvery ?? 100) : (options.lineEvery ?? 10_000);
    this.#startedAt = this.#now();
  }

  /** Begins a phase: rate and time left count from here. */
  start(done = 0): void {
    this.#startedAt = this.#now();
    this.#startedDone = done;
    // Off a terminal the first line waits a full interval, so that short phases stay silent.
    this.#lastShown = this.#target.isTTY ? Number.NEGATIVE_INFINITY : this.#startedAt;
  }

  /** A meter for a phase inside this one, such as an evaluation, with a rate of its own. */
  phase(): Progress {
    this.clear();
    const inner = new Progress(this.#options);
    inner.start();
    return inner;
  }

  update(state: ProgressState): void {
    if (this.#quiet) return;
    const now = this.#now();
    if (now - this.#lastShown < this.#interval) return;
    this.#lastShown = now;
    const line = renderProgress(state, (now - this.#startedAt) / 1000, state.done - this.#startedDone);
    if (!this.#target.isTTY) {
      this.#target.write(`${line}\n`);
      return;
    }
    // A line that wraps cannot be redrawn in place.
    const width = (this.#target.columns || 80) - 1;
    this.#target.write(`\r\x1b[2K${line.length > width ? `${line.slice(0, width - 1)}…` : line}`);
    this.#lineOpen = true;
  }

  /** Prints a line that stays, above the meter. */
  note(text: string): void {
    this.clear();
    if (!this.#quiet) this.#target.write(`${text}\n`);
  }

  /** Removes the meter's line. */
  clear(): void {
    if (this.#lineOpen) this.#target.write('\r\x1b[2K');
    this.#lineOpen = false;
  }
}

/** `train epoch 3/101  12/48  loss 3.214  41,200 tokens/s  4.1 s left`. */
export function renderProgress(state: ProgressState, elapsedSeconds: number, doneSinceStart: number): string {
  const parts = [state.label, `${formatCount(state.done)}/${formatCount(state.total)}`, ...(state.fields ?? [])];
  const remaining = state.total - state.done;
  if (doneSinceStart > 0 && remaining > 0)
    parts.push(
      `${state.mayStop ? 'at most ' : ''}${formatDuration((elapsedSeconds / doneSinceStart) * remaining)} left`,
    );
  return parts.join('  ');
}
