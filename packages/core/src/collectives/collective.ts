import { CollectiveError } from './collective-error.ts';
import { ReceiveBuffers } from './receive-buffers.ts';
import { ownPlace, type Place, placed, type Transport, type TransportKind, tagOf } from './transport.ts';
import { treeSum } from './tree-sum.ts';

/** What travels between ranks. */
export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/** What a rank has sent to others so far; what stays on the rank is not counted. */
export interface Traffic {
  exchanges: number;
  bytes: number;
  /** From entering exchanges to leaving them, waiting for other ranks included. */
  seconds: number;
}

export interface CollectiveOptions {
  /**
   * Seconds that an operation may take before all ranks are ended; default 600. The time begins when this rank enters
   * it, so it bounds how far ranks may be apart.
   */
  readonly timeout?: number;
}

/**
 * Operations among `size` ranks, each of which makes the same calls in the same order. They are queued: an operation
 * begins when the one before it is over, whoever waits for it. The first failure, of whatever rank, ends all of them.
 *
 * Sums are made by {@link treeSum} in the order of the ranks, whatever transport there is and whoever comes first.
 */
export class Collective {
  readonly #transport: Transport;
  readonly #timeout: number;
  readonly #buffers = new Map<string, ReceiveBuffers>();
  readonly traffic: Traffic = { exchanges: 0, bytes: 0, seconds: 0 };
  #queue: Promise<unknown> = Promise.resolve();
  #failure: unknown;

  /** @throws CollectiveError for a timeout that is not above 0. */
  constructor(transport: Transport, { timeout = 600 }: CollectiveOptions = {}) {
    if (!(timeout > 0)) throw new CollectiveError(`collective: expected a timeout above 0, in seconds; got ${timeout}`);
    this.#transport = transport;
    this.#timeout = timeout;
  }

  get kind(): TransportKind {
    return this.#transport.kind;
  }

  get rank(): number {
    return this.#transport.rank;
  }

  get size(): number {
    return this.#transport.size;
  }

  /**
   * Piece `r` to rank `r`, of any length; gives what each rank sent here.
   *
   * @param options.reuse what is received stands in memory that the next exchange of this operation takes: new pages
   *   cost more than the copy. Default: memory of its own.
   */
  async allToAll<T extends Numbers>(
    pieces: readonly T[],
    operation = 'allToAll',
    { reuse = false, waits = false }: WaitOptions & { readonly reuse?: boolean } = {},
  ): Promise<T[]> {
    if (pieces.length !== this.size)
      throw new CollectiveError(`${operation}: expected a piece for each of ${this.size} ranks; got ${pieces.length}`);
    const like = pieces[0];
    const received = await this.#exchange(pieces.map(bytesOf), {
      operation,
      timeout: this.#limit(waits),
      place: reuse ? this.#buffersOf(operation).place : ownPlace,
    });
    return received.map((bytes) => viewAs(like, bytes));
  }

  /** The arrays of all ranks, by rank; they may differ in length. */
  allGather<T extends Numbers>(values: T, operation = 'allGather', options: WaitOptions = {}): Promise<T[]> {
    return this.allToAll(
      Array.from({ length: this.size }, () => values),
      operation,
      options,
    );
  }

  /** The arrays of all ranks, by rank, on rank `root`; the others get empty ones. That of the root stays as it is. */
  async gather<T extends Numbers>(values: T, root = 0, options: BroadcastOptions = {}): Promise<T[]> {
    const { operation = 'gather', ...waits } = options;
    const nothing = values.subarray(0, 0) as T;
    const sent = Array.from({ length: this.size }, (_, r) => (r === root && r !== this.rank ? values : nothing));
    const received = await this.allToAll(sent, operation, waits);
    return received.map((theirs, r) => (r === root && r === this.rank ? values : theirs));
  }

  /** The array of rank `root`, on every rank. `values` of the others tells only what kind of numbers they are. */
  async broadcast<T extends Numbers>(values: T, root = 0, options: BroadcastOptions = {}): Promise<T> {
    const { operation = 'broadcast', waits = false } = options;
    const nothing = values.subarray(0, 0);
    const sent = Array.from({ length: this.size }, () => bytesOf(this.rank === root ? values : nothing));
    const received = await this.#exchange(sent, { operation, timeout: this.#limit(waits) });
    return viewAs(values, received[root]);
  }

  /** Over when all ranks have come to it. */
  async barrier(operation = 'barrier'): Promise<void> {
    await this.#exchange(
      Array.from({ length: this.size }, () => new Uint8Array(0)),
      { operation },
    );
  }

  /**
   * Sum over the ranks, element by element, by {@link treeSum}: each rank adds up a slice of all, and all gather the
   * slices. A rank with an empty array has nothing to add. Sends `2 (R - 1) / R` of the array, as a ring does.
   *
   * @param values overwritten by the sum.
   * @param length of the arrays that are not empty.
   * @returns `values`, or an array of its own where that is empty.
   */
  async sum(values: Float32Array, length = values.length, operation = 'sum'): Promise<Float32Array> {
    if (values.length !== length && values.length !== 0)
      throw new CollectiveError(`${operation}: expected ${length} numbers, or none; got ${values.length}`);
    const { rank, size } = this;
    const bounds = sliceBounds(length, size);
    const has = values.length > 0;
    const out = has ? values : new Float32Array(length);
    const slice = (r: number): Float32Array => out.subarray(bounds[r], bounds[r + 1]);
    const buffers = this.#buffersOf(operation);
    const sent = Array.from({ length: size }, (_, r) => bytesOf(has ? slice(r) : values));
    // Both exchanges in one turn: a sum of the same name between them would take the buffers.
    return this.#inTurn(async () => {
      const received = await this.#now(sent, {
        operation,
        place: (from, bytes) => (from === rank && has ? sent[rank] : buffers.place(from, bytes)),
      });
      const own = treeSum(received.map((bytes) => viewAs(out, bytes)));
      // Where no rank had anything the slices are empty, and the sum is zero.
      await this.#now(new Array<Uint8Array>(size).fill(bytesOf(own)), {
        operation: `${operation}, slices`,
        place: (from, bytes) => bytesOf(slice(from)).subarray(0, bytes),
      });
      return out;
    });
  }

  /** A value of each rank, as JSON, by rank. */
  async gatherJson<T>(value: T, operation = 'gatherJson', options: WaitOptions = {}): Promise<T[]> {
    const all = await this.allGather(new TextEncoder().encode(JSON.stringify(value)), operation, options);
    return all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T);
  }

  /** Ends all ranks with the reason. */
  abort(reason: string): void {
    this.#failure ??= new CollectiveError(`rank ${this.rank}: ${reason}`);
    this.#transport.abort(reason);
  }

  /** Waits for the ranks to come to their end, and leaves. */
  async close(): Promise<void> {
    await this.#queue.catch(() => undefined);
    await this.#transport.close();
  }

  #limit(waits: boolean): number {
    return waits ? Number.POSITIVE_INFINITY : this.#timeout;
  }

  #buffersOf(operation: string): ReceiveBuffers {
    const known = this.#buffers.get(operation) ?? new ReceiveBuffers();
    this.#buffers.set(operation, known);
    return known;
  }

  #exchange(pieces: readonly Uint8Array[], exchange: Exchange): Promise<Uint8Array[]> {
    return this.#inTurn(() => this.#now(pieces, exchange));
  }

  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(operation);
    this.#queue = next.catch(() => undefined);
    return next;
  }

  async #now(pieces: readonly Uint8Array[], exchange: Exchange): Promise<Uint8Array[]> {
    if (this.#failure !== undefined) throw this.#failure;
    const { operation, place = ownPlace, timeout = this.#timeout } = exchange;
    const late = `collective: expected all ${this.size} ranks in '${operation}' within ${timeout} s; rank ${this.rank} waited in vain: another rank has stopped, or takes longer (--rank-timeout)`;
    const began = performance.now();
    try {
      // What a rank sends to itself takes no way through memory that is shared, nor through a network.
      const toOthers = pieces.map((piece, r) => (r === this.rank ? NOTHING : piece));
      const placeOfOthers: Place = (from, bytes) => (from === this.rank ? NOTHING : place(from, bytes));
      const exchanged = this.#transport.exchange(toOthers, tagOf(operation), placeOfOthers);
      const received = await within(timeout, exchanged, () => {
        this.#transport.abort(late);
        return new CollectiveError(late);
      });
      received[this.rank] = placed(this.rank, pieces[this.rank], place);
      this.traffic.seconds += (performance.now() - began) / 1000;
      this.traffic.exchanges++;
      for (const { byteLength } of toOthers) this.traffic.bytes += byteLength;
      return received;
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }
}

interface Exchange {
  readonly operation: string;
  /** Default: arrays of their own. */
  readonly place?: Place;
  /** Default: that of the collective. */
  readonly timeout?: number;
}

const NOTHING = new Uint8Array(0);

export interface WaitOptions {
  /** Ranks may come as late as they like: no timeout, only the end of a rank ends it. Default false. */
  readonly waits?: boolean;
}

export interface BroadcastOptions extends WaitOptions {
  readonly operation?: string;
}

/** Longest delay of a timer. */
const LONGEST = 2 ** 31 - 1;

/** The value, or the error of `late` after so many seconds. The timer also keeps the process alive meanwhile. */
function within<T>(seconds: number, value: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const isEndless = !Number.isFinite(seconds);
    const timer = isEndless
      ? setInterval(() => undefined, LONGEST)
      : setTimeout(() => reject(late()), Math.min(1000 * seconds, LONGEST));
    value.then(resolve, reject).finally(() => clearTimeout(timer as ReturnType<typeof setTimeout>));
  });
}

/** Bounds of the slices of a sum, `[size + 1]`; multiples of a cache line. */
export function sliceBounds(length: number, size: number): number[] {
  const line = 16;
  const slice = Math.ceil(length / size / line) * line;
  return Array.from({ length: size + 1 }, (_, r) => Math.min(r * slice, length));
}

function bytesOf(values: Numbers): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function viewAs<T extends Numbers>(like: T, bytes: Uint8Array): T {
  const { buffer, byteOffset, byteLength } = bytes;
  if (like instanceof Float32Array) return new Float32Array(buffer, byteOffset, byteLength / 4) as T;
  if (like instanceof Float64Array) return new Float64Array(buffer, byteOffset, byteLength / 8) as T;
  if (like instanceof Int32Array) return new Int32Array(buffer, byteOffset, byteLength / 4) as T;
  return bytes as T;
}
