import { availableParallelism } from 'node:os';
import { CollectiveError } from './collective-error.ts';
import { checkRank, ownPlace, refuseTag, type Transport } from './transport.ts';

/** Shared memory of the ranks that are threads of one process; travels to them as `workerData`. */
export interface SharedRanks {
  readonly size: number;
  /** Bytes that a rank sends in one round. */
  readonly capacity: number;
  readonly buffer: SharedArrayBuffer;
}

/** Int32 words before the outboxes: ended, letters of the reason, and the rounds that each rank has posted. */
const [ENDED, LETTERS, ROUNDS] = [0, 1, 2];
const REASON_BYTES = 4096;

/** @param capacity bytes that a rank sends in one round; what is longer takes several. Default 16 MiB. */
export function sharedRanks(size: number, capacity = 2 ** 24): SharedRanks {
  if (!Number.isSafeInteger(size) || size < 1)
    throw new CollectiveError(`sharedRanks: expected a number of ranks of at least 1; got ${size}`);
  const shape = { size, capacity: Math.ceil(capacity / 8) * 8 };
  return { ...shape, buffer: new SharedArrayBuffer(boxAt(shape, size, 0)) };
}

type Shape = Pick<SharedRanks, 'size' | 'capacity'>;

const reasonAt = ({ size }: Shape): number => Math.ceil((4 * (ROUNDS + size)) / 8) * 8;
/** Header: tag and lengths of the pieces, as float64. */
const headerWords = ({ size }: Shape): number => 1 + size;
const boxBytes = (shape: Shape): number => 8 * headerWords(shape) + shape.capacity;
const boxAt = (shape: Shape, rank: number, parity: number): number =>
  reasonAt(shape) + REASON_BYTES + (2 * rank + parity) * boxBytes(shape);

/**
 * A rank that shares memory with the others. Each has two outboxes that it fills in turn: whoever has seen all ranks
 * post a round knows that they have read the one before, so that its box is free.
 *
 * @throws CollectiveError for a rank that is none of `shared.size`.
 */
export function workerTransport(shared: SharedRanks, rank: number): Transport {
  const { size, buffer } = shared;
  checkRank('workers', rank, size);
  const words = new Int32Array(buffer, 0, ROUNDS + size);
  let round = 0;
  const spins = size > availableParallelism() ? 0 : SPINS;

  const box = (from: number, parity: number) => {
    const at = boxAt(shared, from, parity);
    const header = new Float64Array(buffer, at, headerWords(shared));
    return { header, data: new Uint8Array(buffer, at + 8 * headerWords(shared), shared.capacity) };
  };

  const wait = async (from: number): Promise<void> => {
    for (let tries = 0; ; tries++) {
      if (Atomics.load(words, ENDED) !== 0) throw new CollectiveError(reasonOf(shared));
      const posted = Atomics.load(words, ROUNDS + from);
      if (((posted - round) | 0) >= 0) return;
      if (tries < spins) continue;
      const waiting = Atomics.waitAsync(words, ROUNDS + from, posted, 1000);
      if (waiting.async) await waiting.value;
    }
  };

  return {
    kind: 'workers',
    rank,
    size,
    async exchange(pieces, tag, place = ownPlace) {
      const lengths = pieces.map(({ byteLength }) => byteLength);
      const [starts, total] = startsOf(lengths);
      const received: Uint8Array[] = [];
      /** Of each rank: where its piece for this one begins in what it sends, and how much it sends. */
      const incoming: { start: number; length: number; total: number }[] = [];
      let longest = total;
      for (let sent = 0, first = true; first || sent < longest; sent += shared.capacity, first = false) {
        round = (round + 1) | 0;
        const own = box(rank, round & 1);
        if (first) {
          own.header[0] = tag;
          own.header.set(lengths, 1);
        }
        for (const [r, piece] of pieces.entries()) copyPart(piece, starts[r], sent, own.data);
        Atomics.store(words, ROUNDS + rank, round);
        Atomics.notify(words, ROUNDS + rank);
        for (let from = 0; from < size; from++) {
          await wait(from);
          const { header, data } = box(from, round & 1);
          if (first) {
            if (header[0] !== tag) {
              const message = refuseTag({ rank }, from, tag, header[0]);
              this.abort(message);
              throw new CollectiveError(message);
            }
            const theirs = Array.from(header.subarray(1, 1 + size));
            const [theirStarts, theirTotal] = startsOf(theirs);
            incoming.push({ start: theirStarts[rank], length: theirs[rank], total: theirTotal });
            received.push(place(from, theirs[rank]));
          }
          const { start, length } = incoming[from];
          const begin = Math.max(start, sent);
          const end = Math.min(start + length, sent + shared.capacity);
          if (end > begin) received[from].set(data.subarray(begin - sent, end - sent), begin - start);
        }
        if (first) longest = Math.max(...incoming.map((each) => each.total));
      }
      return received;
    },
    abort: (reason) => endShared(shared, `rank ${rank} ended all: ${reason}`),
    close: async () => undefined,
  };
}

/**
 * Looks at a rank's round before waiting to be woken: ranks in step are apart by less than that takes. Where ranks are
 * more than cores, whoever looks keeps the core from the one that is waited for.
 */
const SPINS = 2000;

/** Ends the ranks, the first reason stays; also for the thread that sees one of them die. */
export function endShared(shared: SharedRanks, reason: string): void {
  const words = new Int32Array(shared.buffer, 0, ROUNDS + shared.size);
  const letters = new TextEncoder().encode(reason).subarray(0, REASON_BYTES);
  if (Atomics.compareExchange(words, LETTERS, 0, letters.length) === 0) {
    new Uint8Array(shared.buffer, reasonAt(shared), REASON_BYTES).set(letters);
    Atomics.store(words, ENDED, 1);
  }
  for (let r = 0; r < shared.size; r++) Atomics.notify(words, ROUNDS + r);
}

function reasonOf(shared: SharedRanks): string {
  const [letters] = new Int32Array(shared.buffer, 4 * LETTERS, 1);
  return new TextDecoder().decode(new Uint8Array(shared.buffer, reasonAt(shared), letters).slice());
}

/** Pieces begin at multiples of 8 bytes: what is not aligned alike on both sides is copied byte by byte. */
function startsOf(lengths: readonly number[]): readonly [starts: number[], total: number] {
  let total = 0;
  const starts = lengths.map((length) => {
    const start = total;
    total += Math.ceil(length / 8) * 8;
    return start;
  });
  return [starts, total];
}

/** Copies what of a piece lies in the round that begins at `sent`. */
function copyPart(piece: Uint8Array, start: number, sent: number, data: Uint8Array): void {
  const begin = Math.max(start, sent);
  const end = Math.min(start + piece.byteLength, sent + data.byteLength);
  if (end > begin) data.set(piece.subarray(begin - start, end - start), begin - sent);
}
