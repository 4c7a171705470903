import type { RowPolicy } from '@seqrec/models';
import type { Override } from '../../arguments.ts';
import { ConfigError } from '../../errors.ts';

/** Who serves, and what it is sent. */
export interface ReplayLine {
  readonly name: string;
  /** When new weights are sent: never, after each period, after each slice of one. */
  readonly after: 'never' | 'period' | 'slice';
  /** All weights, or a delta. */
  readonly send: 'full' | { readonly rows: RowPolicy; readonly int8?: boolean };
}

/** A replay of a data set by time: a model trains on and on, and consumers serve with what they are sent of it. */
export interface DeltaReplay {
  readonly title: string;
  readonly source: string;
  readonly notes: readonly string[];
  readonly recipe: string;
  readonly changes?: readonly Override[];
  /** Share of the events, the oldest, that the base is trained on. */
  readonly base: number;
  /** Parts of the other events, of equal numbers, and of each of these the slices after which training goes on. */
  readonly periods: number;
  readonly slices: number;
  /** Passes over the events of the base, and over those of a slice. */
  readonly epochs: { readonly base: number; readonly slice: number };
  /** Events of a slice that are ranked, before anything of the slice is trained on. */
  readonly queries: number;
  /** Line that never has new weights, and the freshest one: what lines keep is counted between them. */
  readonly frozen: string;
  readonly freshest: string;
  /** What is asked of a line: the share of the gain that it keeps, at most for a share of the bytes. */
  readonly bar: { readonly line: string; readonly kept: number; readonly bytes: number };
  readonly lines: readonly ReplayLine[];
}

/** Declares a replay. @throws ConfigError when it names a line that is not among its lines. */
export function defineReplay(replay: DeltaReplay): DeltaReplay {
  const names = replay.lines.map(({ name }) => name);
  for (const name of [replay.frozen, replay.freshest, replay.bar.line])
    if (!names.includes(name)) throw new ConfigError(`replay: expected a line; got ${name}`, names.join(', '));
  return replay;
}
