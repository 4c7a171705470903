import { CollectiveError } from './collective-error.ts';

export type TransportKind = 'single' | 'workers' | 'tcp' | 'mpi';

/** Where what a rank sends is to be put: an array of so many bytes. */
export type Place = (from: number, bytes: number) => Uint8Array;

/**
 * Moves bytes between ranks. Every rank enters every exchange, in the same order, one at a time: a
 * {@link Collective} sees to that, and everything else is made of it.
 */
export interface Transport {
  readonly kind: TransportKind;
  readonly rank: number;
  readonly size: number;
  /**
   * Sends piece `r` to rank `r` and gives what every rank sent here, by rank. The pieces may be written again once it
   * is over.
   *
   * @param tag what the exchange is for, an unsigned 32-bit number.
   * @param place default: arrays of their own.
   * @throws CollectiveError when another rank is in an exchange of another tag, is gone, or has ended all.
   */
  exchange(pieces: readonly Uint8Array[], tag: number, place?: Place): Promise<Uint8Array[]>;
  /** Ends the exchange in progress and all to come on every rank, with the reason. */
  abort(reason: string): void;
  /** Leaves in order, after all ranks have come to their end. */
  close(): Promise<void>;
}

/** An operation among many: a name is sent as the hash of its letters (FNV-1a). */
export function tagOf(operation: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < operation.length; i++) hash = Math.imul(hash ^ operation.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Whether a number, which another program may have sent, is a rank of so many. */
export const isRank = (rank: unknown, size: number): rank is number =>
  Number.isSafeInteger(size) && Number.isInteger(rank) && (rank as number) >= 0 && (rank as number) < size;

/** @throws CollectiveError for a rank that is none of so many, before anybody waits for it. */
export function checkRank(transport: TransportKind, rank: number, size: number): void {
  if (isRank(rank, size)) return;
  throw new CollectiveError(
    `${transport}: expected a whole number of ranks of at least 1, and a rank from 0 to one less; got rank ${rank} of ${size}`,
  );
}

/** @throws CollectiveError in the words of every transport. */
export function refuseTag(transport: Pick<Transport, 'rank'>, from: number, expected: number, got: number): string {
  return `collective: expected all ranks in the same operation; got rank ${transport.rank} in ${hex(expected)} and rank ${from} in ${hex(got)}; every rank must run the same program on the same settings`;
}

const hex = (tag: number): string => `operation ${tag.toString(16).padStart(8, '0')}`;

/** Buffers of their own, which typed arrays of any kind can look at. */
export const ownPlace: Place = (_, bytes) => new Uint8Array(bytes);

/** A copy of what a rank sends, where it is to be put. */
export function placed(from: number, bytes: Uint8Array, place: Place): Uint8Array {
  const copy = place(from, bytes.byteLength);
  copy.set(bytes);
  return copy;
}
