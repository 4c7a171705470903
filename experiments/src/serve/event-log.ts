import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../run/folder/make-folder.ts';
import { headerLine, type LogRecord } from './log-record.ts';
import { Problem } from './problem.ts';
import { type ReadLog, readLog } from './read-log.ts';

/** Without its number, which the log gives. */
type NewRecord = LogRecord extends infer R ? (R extends { seq: number } ? Omit<R, 'seq'> : never) : never;

export interface OpenedLog {
  readonly log: EventLog;
  /** What the file held. */
  readonly found: ReadLog;
}

interface Pending {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lines that are only ever added. A record is on the disk when its promise resolves: what is written while the disk is
 * busy is written and flushed together, once.
 */
export class EventLog {
  readonly #file: FileHandle;
  #bytes: number;
  #nextSeq: number;
  #pending: Pending[] = [];
  #writing: Promise<void> | undefined;
  /** Called after each flush: records and milliseconds. */
  onFlush: (records: number, ms: number) => void = () => undefined;

  private constructor(file: FileHandle, bytes: number, nextSeq: number) {
    this.#file = file;
    this.#bytes = bytes;
    this.#nextSeq = nextSeq;
  }

  /**
   * Opens a log, or begins one, and removes a torn last line.
   *
   * @throws RunError when the file is something else, or of other data.
   */
  static async open(path: string, data: string): Promise<OpenedLog> {
    makeFolder(dirname(path));
    const nothing = { users: new Map(), dropped: new Set<string>(), nextSeq: 0, bytes: 0, tornBytes: 0 };
    const found: ReadLog = existsSync(path) ? await readLog(path, data) : nothing;
    const file = await open(path, existsSync(path) ? 'r+' : 'w+');
    if (found.tornBytes > 0) await file.truncate(found.bytes);
    const log = new EventLog(file, found.bytes, found.nextSeq);
    if (found.bytes === 0) await log.#append(headerLine(data));
    return { log, found };
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The number of the record, and when it is on the disk. */
  write(record: NewRecord): { readonly seq: number; readonly written: Promise<void> } {
    const seq = this.#nextSeq++;
    return { seq, written: this.#append(JSON.stringify({ seq, ...record })) };
  }

  /** Writes what is pending and closes the file. */
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    await this.#file.close();
  }

  #append(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ line, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    // Requests that arrive together come in one turn of the loop.
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const group = this.#pending;
      this.#pending = [];
      try {
        await this.#writeGroup(group);
      } catch (error) {
        // What waits behind was judged as if this were stored.
        for (const { reject } of [...group, ...this.#pending.splice(0)]) reject(storageProblem(error));
        continue;
      }
      for (const { resolve } of group) resolve();
    }
    this.#writing = undefined;
  }

  async #writeGroup(group: readonly Pending[]): Promise<void> {
    const start = performance.now();
    const bytes = Buffer.from(`${group.map(({ line }) => line).join('\n')}\n`);
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.#file.write(bytes, done, bytes.length - done, this.#bytes + done)).bytesWritten;
      }
      await this.#file.datasync();
    } catch (error) {
      // Half a line must not stand before the next; the next write would go over it too.
      await this.#file.truncate(this.#bytes).catch(() => undefined);
      throw error;
    }
    this.#bytes += bytes.length;
    this.onFlush(group.length, performance.now() - start);
  }
}

function storageProblem(error: unknown): Problem {
  const why = error instanceof Error ? error.message : String(error);
  return new Problem('storage', `expected that the log of events can be written; got ${why}; nothing was stored`);
}
