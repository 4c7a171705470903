import { CollectiveError } from './collective-error.ts';
import { type MpiBytes, type MpiLibrary, startMpi } from './mpi-library.ts';
import { ownPlace, type Place, refuseTag, type Transport } from './transport.ts';

/** Bytes that a rank sends to all others at a time, and to one of them: counts and places are int32. */
const [LARGEST_ROUND, LARGEST_PIECE] = [2 ** 30, 2 ** 24];

/** Float64 words of what ranks tell each other first: tag, length of the piece, length of the sender's longest. */
const WORDS = 3;

/**
 * Ranks that `mpiexec` or `srun` has started, over the system's MPI. Non-blocking calls that are asked for their end,
 * so that a rank that waits gives its core away and can be told that time is over. When a rank dies, the launcher ends
 * the others.
 *
 * @throws BackendError when there is no MPI of a family that is known.
 */
export function mpiTransport(library: MpiLibrary = startMpi()): Transport {
  const { rank, size } = library;
  const largest = Math.min(LARGEST_PIECE, Math.floor(LARGEST_ROUND / size));
  let ended: CollectiveError | undefined;
  let running: Promise<void> | undefined;
  const [sent, heardBytes] = [new Scratch(), new Scratch()];

  const move = async (send: MpiBytes, received: MpiBytes): Promise<void> => {
    const request = library.begin(send, received);
    for (let tries = 0; !library.isDone(request); tries++) {
      if (ended !== undefined) throw ended;
      await pause(tries);
    }
  };

  const exchange = async (pieces: readonly Uint8Array[], tag: number, place: Place): Promise<Uint8Array[]> => {
    const told = new Float64Array(Math.max(WORDS * size, MINIMUM));
    const ownLongest = Math.max(...pieces.map(({ byteLength }) => byteLength));
    for (const [r, { byteLength }] of pieces.entries()) told.set([tag, byteLength, ownLongest], WORDS * r);
    const heard = new Float64Array(told.length);
    const even = evenly(size, 8 * WORDS);
    await move({ bytes: new Uint8Array(told.buffer), ...even }, { bytes: new Uint8Array(heard.buffer), ...even });
    let longest = 0;
    const received = pieces.map((_, r) => {
      const [theirs, length, theirLongest] = heard.subarray(WORDS * r);
      if (theirs !== tag) {
        const message = refuseTag({ rank }, r, tag, theirs);
        abort(message);
        throw new CollectiveError(message);
      }
      // All ranks go through as many rounds as the longest piece between any two of them takes.
      longest = Math.max(longest, theirLongest);
      return place(r, length);
    });
    for (let at = 0; at < longest; at += largest) {
      const send = sent.take(pieces.map((piece) => piece.subarray(at, at + largest)));
      for (const [r, piece] of pieces.entries()) send.bytes.set(piece.subarray(at, at + largest), send.places[r]);
      const room = heardBytes.take(received.map((piece) => piece.subarray(at, at + largest)));
      await move(send, room);
      for (const [r, count] of room.counts.entries())
        if (count > 0) received[r].set(room.bytes.subarray(room.places[r], room.places[r] + count), at);
    }
    return received;
  };

  const abort = (reason: string): void => {
    if (ended !== undefined) return;
    ended = new CollectiveError(reason);
    // Ends this process too: what it has to say must be said before.
    console.error(`rank ${rank}: ${reason}`);
    library.abort();
  };

  return {
    kind: 'mpi',
    rank,
    size,
    exchange: async (pieces, tag, place = ownPlace) => {
      if (ended !== undefined) throw ended;
      const now = exchange(pieces, tag, place);
      running = now.then(
        () => undefined,
        () => undefined,
      );
      return now;
    },
    abort,
    close: async () => {
      await running;
      if (ended === undefined) library.finish();
    },
  };
}

/** Words below which V8 may keep an array where it can move. */
const MINIMUM = 64;
/** Looks before a rank gives its core away for a moment, and before it does so for a millisecond. */
const [SPINS, TURNS] = [200, 2000];

function pause(tries: number): Promise<void> | undefined {
  if (tries < SPINS) return undefined;
  return new Promise((resolve) => {
    if (tries < TURNS) setImmediate(resolve);
    else setTimeout(resolve, 1);
  });
}

function evenly(size: number, bytes: number): Pick<MpiBytes, 'counts' | 'places'> {
  const counts = new Int32Array(Math.max(size, MINIMUM)).fill(bytes);
  const places = Int32Array.from(counts, (_, r) => r * bytes);
  return { counts: counts.subarray(0, size), places: places.subarray(0, size) };
}

/** Room for pieces one behind the other, which does not move and is used again: new pages cost more than copies. */
class Scratch {
  #bytes = new Uint8Array(4 * MINIMUM);

  take(pieces: readonly Uint8Array[]): MpiBytes {
    const counts = new Int32Array(Math.max(pieces.length, MINIMUM));
    const places = new Int32Array(counts.length);
    let total = 0;
    for (const [r, { byteLength }] of pieces.entries()) {
      counts[r] = byteLength;
      places[r] = total;
      total += byteLength;
    }
    if (this.#bytes.length < total) this.#bytes = new Uint8Array(total);
    return { bytes: this.#bytes, counts: counts.subarray(0, pieces.length), places: places.subarray(0, pieces.length) };
  }
}
