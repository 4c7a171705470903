import type { Override } from './arguments.ts';

/** What the command line held, as typed: a command reads what the parser would change. */
export interface Invocation {
  readonly argv: readonly string[];
  readonly overrides: readonly Override[];
}

/** A command's action; what it returns is the exit code, nothing means 0. */
export type Action = Promise<number | undefined>;
