/** Asks a loop to stop at its next safe point. */
export interface StopSignal {
  /** The signal received, or `undefined`. */
  readonly signal: NodeJS.Signals | undefined;
  /** Stops listening. */
  dispose(): void;
}

/** Thrown inside a long read-only phase (evaluation) to leave it; nothing is lost, the phase is repeated on resume. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Exit code of a program ended by a signal: 128 + its number. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return signal === 'SIGTERM' ? 143 : 130;
}

/** Listens for Ctrl-C and SIGTERM: the first asks to stop, the second ends the process at once. */
export function listenForStop(onFirst: (signal: NodeJS.Signals) => void): StopSignal {
  const state: { signal: NodeJS.Signals | undefined } = { signal: undefined };
  const handler = (signal: NodeJS.Signals) => {
    if (state.signal !== undefined) process.exit(signalExitCode(signal));
    state.signal = signal;
    onFirst(signal);
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return {
    get signal() {
      return state.signal;
    },
    dispose() {
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    },
  };
}
