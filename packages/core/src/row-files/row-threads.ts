import { Worker } from 'node:worker_threads';
import { type Move, type Moved, nothingMoved, type RowSpace } from './row-mover.ts';

/** What a thread is asked for, one thing at a time. */
export type ThreadRequest = { readonly move: Move } | { readonly copyTo: number };

export type ThreadReply = { readonly error: string } | { readonly moved?: Moved };

const SOURCES = import.meta.url.endsWith('.ts');
const PROGRAM = new URL(SOURCES ? './row-thread.ts' : './row-thread.js', import.meta.url);
/** Node says so when it strips types; the launcher of tests has other flags. */
const FLAGS = SOURCES ? ['--disable-warning=ExperimentalWarning'] : [];

/** Fewer rows than this are moved by one thread. */
const LEAST_ROWS = 64;

/** Threads that move the rows of a file while the caller computes. One call at a time. */
export class RowThreads {
  readonly #threads: readonly RowThread[];

  constructor(space: RowSpace, count: number) {
    this.#threads = Array.from({ length: count }, (_, i) => new RowThread(space, `rows ${i}`));
  }

  /** @throws Error of the file system. */
  async move(move: Move): Promise<Moved> {
    const { length } = move.slots;
    const parts = Math.max(1, Math.min(this.#threads.length, Math.floor(length / LEAST_ROWS)));
    const cut = (ids: Int32Array, p: number): Int32Array =>
      ids.slice(Math.floor((p * length) / parts), Math.floor(((p + 1) * length) / parts));
    // All of them end before one that failed is heard of: none is at work on the memory then.
    const replies = await Promise.allSettled(
      Array.from({ length: parts }, (_, p) => {
        const { slots, leaving, coming } = move;
        const part = { slots: cut(slots, p), leaving: cut(leaving, p), coming: cut(coming, p) };
        return this.#threads[p].ask({ move: part });
      }),
    );
    const total = nothingMoved();
    for (const reply of replies) {
      if (reply.status === 'rejected') throw reply.reason;
      for (const [key, value] of Object.entries(reply.value ?? {})) total[key as keyof Moved] += value;
    }
    return total;
  }

  /** Copies the rows that the file has into an open file. @throws Error of the file system. */
  async copyTo(fd: number): Promise<void> {
    await this.#threads[0].ask({ copyTo: fd });
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

class RowThread {
  readonly #worker: Worker;
  #waiting: { resolve(moved: Moved | undefined): void; reject(error: Error): void } | undefined;
  #lost: Error | undefined;

  constructor(space: RowSpace, name: string) {
    this.#worker = new Worker(PROGRAM, { name, workerData: space, execArgv: FLAGS });
    this.#worker.on('message', (reply: ThreadReply) => {
      const waiting = this.#settle();
      if ('error' in reply) waiting?.reject(new Error(reply.error));
      else waiting?.resolve(reply.moved);
    });
    const lose = (error: Error): void => {
      this.#lost ??= error;
      this.#settle()?.reject(this.#lost);
    };
    this.#worker.on('error', lose);
    this.#worker.on('exit', (code) => lose(new Error(`the thread that moves rows has ended with code ${code}`)));
    // Idle, it does not keep the process alive.
    this.#worker.unref();
  }

  ask(request: ThreadRequest): Promise<Moved | undefined> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.ref();
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(): { resolve(moved: Moved | undefined): void; reject(error: Error): void } | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#worker.unref();
    return waiting;
  }
}
