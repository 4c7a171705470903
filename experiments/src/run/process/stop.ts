/** Asks a loop to stop at its next safe point. */
export interface StopSignal {
  /** The signal received, or `undefined`. */
  readonly signal: NodeJS.Signals | undefined;
  /** Stops listening, unless a signal came: then the process is on its way out, and a copy of it must not end it. */
  dispose(): void;
}

/** Thrown inside a long read-only phase (evaluation) to leave it; nothing is lost, the phase is repeated on resume. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Ctrl-C, a request to end, a terminal that was closed. */
export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Stop = (typeof stopSignals)[number];

const NUMBERS: Readonly<Record<Stop, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** Exit code of a program ended by a signal: 128 + its number. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + (NUMBERS[signal as Stop] ?? NUMBERS.SIGINT);
}

/** Between the copies of one Ctrl-C that arrive by several ways lies less than this, between two of a person more. */
const ONE_KEYSTROKE_MS = 400;

/**
 * Listens for Ctrl-C, SIGTERM and SIGHUP: the first asks to stop. A second Ctrl-C ends the process at once.
 *
 * SIGTERM and SIGHUP again change nothing: npx and pnpm hand on what the process group has got already, and a
 * terminal that closes sends several. Who will not wait for the checkpoint has SIGKILL.
 */
export function listenForStop(
  onFirst: (signal: NodeJS.Signals) => void,
  { now = () => performance.now() }: { readonly now?: () => number } = {},
): StopSignal {
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const handler = (signal: NodeJS.Signals) => {
    if (first === undefined) {
      first = { signal, at: now() };
      onFirst(signal);
    } else if (signal === 'SIGINT' && now() - first.at > ONE_KEYSTROKE_MS) {
      process.exit(signalExitCode(signal));
    }
  };
  for (const signal of stopSignals) process.on(signal, handler);
  return {
    get signal() {
      return first?.signal;
    },
    dispose() {
      if (first !== undefined) return;
      for (const signal of stopSignals) process.off(signal, handler);
    },
  };
}
