import type { Append, Drop, Operation, Read } from './operation.ts';

/** An operation and its place in the batch. */
export interface Placed<O extends Operation = Operation> {
  readonly operation: O;
  readonly at: number;
}

/** Operations that may run together: events of all users first, then questions, then what is forgotten. */
export interface Wave {
  readonly appends: readonly Placed<Append>[];
  readonly reads: readonly Placed<Read>[];
  readonly drops: readonly Placed<Drop>[];
}

const PHASE = { append: 0, score: 1, top: 1, similar: 1, drop: 2 } as const;

/**
 * Puts operations together into as few waves as keep the order of each user's own: an operation goes into the wave of
 * the one before it, unless it would come too early there.
 */
export function wavesOf(operations: readonly Operation[]): Wave[] {
  const waves: { appends: Placed<Append>[]; reads: Placed<Read>[]; drops: Placed<Drop>[] }[] = [];
  const latest = new Map<string, { readonly wave: number; readonly phase: number }>();
  for (const [at, operation] of operations.entries()) {
    const phase = PHASE[operation.kind];
    const before = 'user' in operation ? latest.get(operation.user) : undefined;
    const wave = before === undefined ? 0 : before.wave + (phase < before.phase ? 1 : 0);
    if ('user' in operation) latest.set(operation.user, { wave, phase });
    waves[wave] ??= { appends: [], reads: [], drops: [] };
    if (operation.kind === 'append') waves[wave].appends.push({ operation, at });
    else if (operation.kind === 'drop') waves[wave].drops.push({ operation, at });
    else waves[wave].reads.push({ operation, at });
  }
  return waves;
}
