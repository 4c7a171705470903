import type { PlateauState } from '@seqrec/core';
import type { Collective } from '@seqrec/core/collectives';

/** What rank 0 tells the others to do next: it alone sees signals, clocks, metrics and files. */
export type Command =
  /** Begin at step 0, or with what a checkpoint holds. */
  | { readonly does: 'begin'; readonly checkpoint?: string }
  | { readonly does: 'step'; readonly plateau: PlateauState }
  /** Evaluate a share: of the watched set by the weights in training, of the test set by those that rank 0 chose. */
  | { readonly does: 'evaluate'; readonly set: 'watched' | 'test' }
  /** Give rank 0 what lies on several ranks, for a checkpoint: rows of tables, and moments. */
  | { readonly does: 'save' }
  | { readonly does: 'end'; readonly code: number };

/** Says a command to the other ranks; nothing where there are none. */
export async function say(ranks: Collective | undefined, command: Command): Promise<void> {
  if (ranks === undefined) return;
  await ranks.broadcast(new TextEncoder().encode(JSON.stringify(command)), 0, { operation: 'command' });
}

/** Waits for the next command, however long rank 0 evaluates or writes. */
export async function hear(ranks: Collective): Promise<Command> {
  const bytes = await ranks.broadcast(new Uint8Array(0), 0, { operation: 'command', waits: true });
  return JSON.parse(new TextDecoder().decode(bytes)) as Command;
}
