import { rename, rm } from 'node:fs/promises';
import { TableError } from '../errors.ts';
import { RowCache } from '../tables/row-cache.ts';
import {
  checkIds,
  checkRecords,
  type RowLayout,
  type RowStore,
  type RowStoreStats,
  resolveLayout,
} from '../tables/row-store.ts';
import { checkOptions, type FileRowsOptions } from './file-rows-options.ts';
import { MoveList } from './move-list.ts';
import { fileError, RowFile } from './row-file.ts';
import { nothingMoved } from './row-mover.ts';
import { RowThreads } from './row-threads.ts';

/** Copies between slots and what belongs to the ids from position `begin` of a call on. */
type UseSlots = (slots: Int32Array, begin: number) => void;

/** A move takes at most this many rows. */
const MOVE_ROWS = 2 ** 20;

/**
 * A table in a file, of which `cacheRows` rows are in memory: a table may be as large as the disk. Rows that were never
 * written are made from their random stream and take no room. Changed rows are written when their place is needed, at
 * a flush and at the end. Threads of its own move the rows, so that a prefetch costs the caller nothing but the names.
 *
 * A file that was changed after its last flush says so: when the process ends there, `fileRows` refuses the file, as
 * some of its rows are older than others; {@link FileRows.snapshot} makes a copy to go back to. After an error of the
 * file system every call fails with it.
 */
export class FileRows implements RowStore {
  readonly layout: Required<RowLayout>;
  readonly path: string;
  readonly cacheRows: number;
  readonly #file: RowFile;
  readonly #cache: RowCache;
  readonly #stride: number;
  readonly #slots: Float32Array;
  readonly #threads: RowThreads;
  /** Slots that a prefetch has filled and no call has asked for since. */
  readonly #fresh: Uint8Array;
  /** Slots whose rows are on their way. */
  readonly #moving: Uint8Array;
  /** The call in which a slot was last asked for: a row counts once. */
  readonly #askedIn: Uint32Array;
  #call = 0;
  readonly #moved = nothingMoved();
  #lookups = 0;
  #hits = 0;
  #last: Promise<unknown> = Promise.resolve();
  /** Calls that have not ended, without prefetches. */
  #open = 0;
  #failed: Error | undefined;
  #isClosed = false;

  /** @throws UnsupportedError for an option outside its range; TableError for a file that is not this table's. */
  constructor({ path, cacheRows, threads = 1, memory, ...given }: FileRowsOptions) {
    this.layout = resolveLayout('fileRows', given);
    checkOptions({ cacheRows, threads, memory: memory ?? 1 });
    this.path = path;
    // More slots than rows would never be used; two are the least that the clock works with.
    this.cacheRows = Math.max(2, Math.min(cacheRows, this.layout.rows));
    this.#stride = this.layout.width + this.layout.stateWidth;
    this.#file = RowFile.open(path, this.layout);
    this.#cache = new RowCache(this.cacheRows, memory);
    const slots = new SharedArrayBuffer(this.cacheRows * this.#stride * 4);
    this.#slots = new Float32Array(slots);
    this.#fresh = new Uint8Array(this.cacheRows);
    this.#moving = new Uint8Array(this.cacheRows);
    this.#askedIn = new Uint32Array(this.cacheRows);
    const { fd, layout, present } = this.#file;
    this.#threads = new RowThreads({ fd, layout, slots, present }, threads);
  }

  async gather(ids: Int32Array): Promise<Float32Array> {
    return this.#take(ids, this.layout.width);
  }

  async records(ids: Int32Array): Promise<Float32Array> {
    return this.#take(ids, this.#stride);
  }

  async write(ids: Int32Array, records: Float32Array): Promise<void> {
    checkRecords('fileRows', this.layout, ids, records);
    await this.#use(ids, 'given', (slots, begin) => {
      for (let i = 0; i < slots.length; i++) {
        const from = (begin + i) * this.#stride;
        copy(records, from, this.#slots, slots[i] * this.#stride, this.#stride);
        this.#cache.dirty[slots[i]] = 1;
        this.#fresh[slots[i]] = 0;
      }
    });
  }

  /** Rows beyond half of the cache are left to the call that asks for them. */
  prefetch(ids: Int32Array): void {
    checkIds('fileRows', this.layout, ids);
    // Whoever calls next hears of a failure.
    this.#afterOthers(() => this.#inBlocks(ids, 'prefetched', () => undefined)).catch(() => undefined);
  }

  async flush(): Promise<void> {
    await this.#run(() => this.#flush());
  }

  /**
   * A copy of the table as it is now, which can be opened as a file of its own: whole or not at all. What was never
   * written takes no room in it either.
   *
   * @throws TableError; what was at `path` stays then.
   */
  async snapshot(path: string): Promise<void> {
    await this.#run(async () => {
      await this.#flush();
      const temporary = `${path}.${process.pid}.tmp`;
      try {
        if (this.#file.isAt(path)) throw new Error("the table's own file, which it would lose: choose another path");
        await this.#copyTo(temporary);
        await rename(temporary, path);
      } catch (cause) {
        // Where there is no such folder, there is nothing to remove.
        await rm(temporary, { force: true }).catch(() => undefined);
        const { message } =
          (cause as Error).cause instanceof Error ? ((cause as Error).cause as Error) : (cause as Error);
        throw new TableError(
          `fileRows: ${path}: expected to write a snapshot; got ${message}; the table itself is as it was`,
          { cause },
        );
      }
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.flush();
    } finally {
      this.#failed ??= new TableError(`fileRows: ${this.path}: expected an open table; it was closed; open it again`);
      await this.#threads.close();
      this.#file.close();
    }
  }

  stats(): RowStoreStats {
    return { lookups: this.#lookups, hits: this.#hits, ...this.#moved };
  }

  async #take(ids: Int32Array, numbers: number): Promise<Float32Array> {
    checkIds('fileRows', this.layout, ids);
    const out = new Float32Array(ids.length * numbers);
    await this.#use(ids, 'asked', (slots, begin) => {
      for (let i = 0; i < slots.length; i++) {
        copy(this.#slots, slots[i] * this.#stride, out, (begin + i) * numbers, numbers);
      }
    });
    return out;
  }

  /** Rows that are in memory are used at once, also while others are prefetched: the caller need not wait for those. */
  async #use(ids: Int32Array, how: 'asked' | 'given', use: UseSlots): Promise<void> {
    const slots = this.#open === 0 && this.#failed === undefined ? this.#resident(ids) : undefined;
    if (slots === undefined) return this.#run(() => this.#inBlocks(ids, how, use));
    this.#call++;
    if (how === 'asked') for (const slot of slots) this.#countUse(slot);
    use(slots, 0);
  }

  /** The slots of rows that are all there, and stay while what is on its way arrives. */
  #resident(ids: Int32Array): Int32Array | undefined {
    const slots = new Int32Array(ids.length);
    for (let i = 0; i < ids.length; i++) {
      slots[i] = this.#cache.find(ids[i]);
      if (slots[i] < 0 || this.#moving[slots[i]] === 1) return undefined;
    }
    return slots;
  }

  /** Calls take effect one after the other. */
  async #run<T>(call: () => Promise<T>): Promise<T> {
    this.#open++;
    try {
      return await this.#afterOthers(call);
    } finally {
      this.#open--;
    }
  }

  #afterOthers<T>(call: () => Promise<T>): Promise<T> {
    const made = this.#last.then(() => {
      if (this.#failed !== undefined) throw this.#failed;
      return call();
    });
    this.#last = made.catch(() => undefined);
    return made;
  }

  /**
   * Gives rows their slots, as many at a time as half of the cache holds, and calls `use` when they are there. Rows
   * that are `given` are not fetched; of those `prefetched` only the first block is.
   */
  async #inBlocks(ids: Int32Array, how: 'asked' | 'prefetched' | 'given', use: UseSlots): Promise<void> {
    const places = new Int32Array(ids.length);
    this.#call++;
    for (let begin = 0; begin < ids.length; ) {
      const moves = new MoveList();
      const end = this.#pinBlock(ids, begin);
      for (let i = begin; i < end; i++) places[i] = this.#place(ids[i], how, moves);
      await this.#move(moves);
      const slots = places.subarray(begin, end);
      for (const slot of slots) this.#moving[slot] = 0;
      use(slots, begin);
      if (how === 'prefetched') return;
      begin = end;
    }
  }

  /**
   * Pins those rows of the next block that are there: none of them makes way for another and is fetched again, as no
   * row may leave and come in one move. Gives the block's end.
   */
  #pinBlock(ids: Int32Array, begin: number): number {
    const cache = this.#cache;
    const most = Math.min(Math.floor(cache.capacity / 2), MOVE_ROWS);
    cache.nextTurn();
    // A row that is named many times takes the room of one.
    const absent = new Set<number>();
    let end = begin;
    for (; end < ids.length && cache.pins + absent.size < most; end++) {
      const slot = cache.find(ids[end]);
      if (slot < 0) absent.add(ids[end]);
      else cache.pin(slot);
    }
    return end;
  }

  /** The slot of a row, now or after `moves`. */
  #place(id: number, how: 'asked' | 'prefetched' | 'given', moves: MoveList): number {
    const cache = this.#cache;
    let slot = cache.find(id);
    if (slot < 0) {
      const claim = cache.claim(id);
      slot = claim.slot;
      moves.add(slot, claim.isDirty ? claim.evicted : -1, how === 'given' ? -1 : id);
      this.#moving[slot] = 1;
      this.#fresh[slot] = how === 'given' ? 0 : 1;
    }
    if (how === 'asked') this.#countUse(slot);
    return slot;
  }

  #countUse(slot: number): void {
    if (this.#askedIn[slot] === this.#call) return;
    this.#askedIn[slot] = this.#call;
    this.#lookups++;
    if (this.#fresh[slot] === 0) {
      this.#hits++;
      this.#cache.touch(slot);
    }
    this.#fresh[slot] = 0;
  }

  async #move(moves: MoveList): Promise<void> {
    if (moves.length === 0) return;
    try {
      if (moves.hasLeaving) await this.#file.markChanging();
      const moved = await this.#threads.move(moves.finish());
      for (const key of Object.keys(moved) as (keyof typeof moved)[]) this.#moved[key] += moved[key];
    } catch (error) {
      this.#failed = error instanceof TableError ? error : fileError(this.path, error);
      throw this.#failed;
    }
  }

  async #flush(): Promise<void> {
    const { dirty, idOf, capacity } = this.#cache;
    let moves = new MoveList();
    for (let slot = 0; slot < capacity; slot++) {
      if (dirty[slot] === 0) continue;
      moves.add(slot, idOf[slot], -1);
      if (moves.length < MOVE_ROWS) continue;
      await this.#move(moves);
      moves = new MoveList();
    }
    await this.#move(moves);
    dirty.fill(0);
    await this.#file.markWhole().catch((error: Error) => {
      this.#failed = error;
      throw error;
    });
  }

  async #copyTo(path: string): Promise<void> {
    await rm(path, { force: true });
    const copied = RowFile.open(path, this.layout);
    try {
      await copied.markChanging();
      new Uint8Array(copied.present).set(new Uint8Array(this.#file.present));
      await this.#threads.copyTo(copied.fd);
      await copied.markWhole();
    } finally {
      copied.close();
    }
  }
}

/** {@link FileRows}: a table in a file. @throws UnsupportedError, TableError. */
export function fileRows(options: FileRowsOptions): FileRows {
  return new FileRows(options);
}

function copy(from: Float32Array, at: number, to: Float32Array, toAt: number, count: number): void {
  to.set(from.subarray(at, at + count), toAt);
}
