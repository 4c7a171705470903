import { Collective, type CollectiveOptions } from './collective.ts';
import { CollectiveError } from './collective-error.ts';
import { ownPlace, type Place, placed, refuseTag, type Transport } from './transport.ts';

interface Entry {
  readonly pieces: readonly Uint8Array[];
  readonly tag: number;
  readonly place: Place;
  resolve(received: Uint8Array[]): void;
  reject(error: unknown): void;
}

/** Where the virtual ranks of a process meet. */
class Meeting {
  readonly size: number;
  #entries: (Entry | undefined)[];
  #failure: CollectiveError | undefined;

  constructor(size: number) {
    this.size = size;
    this.#entries = new Array<Entry | undefined>(size).fill(undefined);
  }

  enter(rank: number, entry: Entry): void {
    if (this.#failure !== undefined) {
      entry.reject(this.#failure);
      return;
    }
    this.#entries[rank] = entry;
    const entries = this.#entries.filter((each) => each !== undefined);
    if (entries.length < this.size) return;
    this.#entries = new Array<Entry | undefined>(this.size).fill(undefined);
    const other = entries.findIndex(({ tag }) => tag !== entries[0].tag);
    if (other > 0) {
      const message = refuseTag({ rank: 0 }, other, entries[0].tag, entries[other].tag);
      for (const { reject } of entries) reject(new CollectiveError(message));
      return;
    }
    for (const [to, { resolve, place }] of entries.entries())
      resolve(entries.map(({ pieces }, from) => placed(from, pieces[to], place)));
  }

  abort(rank: number, reason: string): void {
    this.#failure ??= new CollectiveError(`rank ${rank} ended all: ${reason}`);
    for (const entry of this.#entries) entry?.reject(this.#failure);
    this.#entries.fill(undefined);
  }
}

/** `size` ranks in this process: the oracle of the other transports, and a simulator. */
export function virtualRanks(size: number): Transport[] {
  if (!Number.isSafeInteger(size) || size < 1)
    throw new CollectiveError(`virtualRanks: expected a number of ranks of at least 1; got ${size}`);
  const meeting = new Meeting(size);
  return Array.from({ length: size }, (_, rank) => ({
    kind: 'single',
    rank,
    size,
    exchange: (pieces, tag, place = ownPlace) =>
      new Promise((resolve, reject) => meeting.enter(rank, { pieces, tag, place, resolve, reject })),
    abort: (reason) => meeting.abort(rank, reason),
    close: async () => undefined,
  }));
}

/**
 * Runs a program as `size` virtual ranks of this process, in turn wherever one waits, and gives what they return, by
 * rank. @throws the first error; it ends the others.
 */
export async function runRanks<T>(
  size: number,
  program: (collective: Collective) => Promise<T>,
  options?: CollectiveOptions,
): Promise<T[]> {
  const ranks = virtualRanks(size).map((transport) => new Collective(transport, options));
  let first: { readonly error: unknown } | undefined;
  const results = await Promise.allSettled(
    ranks.map(async (collective) => {
      try {
        return await program(collective);
      } catch (error) {
        first ??= { error };
        collective.abort(error instanceof Error ? error.message : String(error));
        throw error;
      }
    }),
  );
  if (first !== undefined) throw first.error;
  return results.map((result) => (result as PromiseFulfilledResult<T>).value);
}
