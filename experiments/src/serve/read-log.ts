import { createReadStream } from 'node:fs';
import { RunError } from '../errors.ts';
import {
  headerLine,
  type LoggedEvent,
  type LogHeader,
  type LogRecord,
  parseHeader,
  parseRecord,
} from './log-record.ts';

/** What a log leaves of a user. */
export interface LoggedUser {
  /** Events held before those of the log: the first of the data. */
  readonly held: number;
  readonly events: readonly LoggedEvent[];
}

export interface ReadLog {
  readonly users: ReadonlyMap<string, LoggedUser>;
  /** Users that were dropped: what the data hold of them is forgotten. */
  readonly dropped: ReadonlySet<string>;
  /** The number of the next record. */
  readonly nextSeq: number;
  /** Bytes of whole lines; what follows them is the torn end of a write that nobody was told of. */
  readonly bytes: number;
  readonly tornBytes: number;
}

const NEWLINE = 0x0a;

/**
 * Reads a log from its first line. A last line that is torn is left out; any other line that
 * cannot be read is an error.
 *
 * @throws RunError
 */
export async function readLog(file: string, data: string): Promise<ReadLog> {
  const state = new LogState();
  let bytes = 0;
  let total = 0;
  let number = 0;
  for await (const { line, whole } of linesOf(file)) {
    number++;
    total += line.length + (whole ? 1 : 0);
    const text = line.toString('utf8');
    const torn = !whole && (number > 1 || headerLine(data).startsWith(text));
    // A write that was cut short by a crash: it was not acknowledged.
    if (torn) break;
    if (number === 1) checkHeader(file, parseHeader(text), data);
    else {
      const record = parseRecord(text);
      if (record === undefined) {
        throw new RunError(
          `${file}:${number}: expected a line of an event log; got ${text.slice(0, 60)}; remove the line, or name another file with --log`,
        );
      }
      state.take(record);
    }
    bytes = total;
  }
  return { ...state.result(), bytes, tornBytes: total - bytes };
}

function checkHeader(file: string, found: LogHeader | undefined, data: string): void {
  if (found?.data === data) return;
  const got = found === undefined ? 'another file' : `one of the data ${found.data.slice(0, 12)}`;
  throw new RunError(
    `${file}: expected a log of events about the data ${data.slice(0, 12)}; got ${got}; name another file with --log`,
  );
}

/** Lines without their ends; the last is not whole when it has none. */
async function* linesOf(file: string): AsyncGenerator<{ readonly line: Buffer; readonly whole: boolean }> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, start)) {
      yield { line: text.subarray(start, end), whole: true };
      start = end + 1;
    }
    rest = text.subarray(start);
  }
  if (rest.length > 0) yield { line: rest, whole: false };
}

/** Users as the lines so far leave them. */
class LogState {
  readonly #users = new Map<string, { held: number; parts: { seq: number; events: readonly LoggedEvent[] }[] }>();
  readonly #dropped = new Set<string>();
  #nextSeq = 0;

  take(record: LogRecord): void {
    const { user } = record;
    this.#nextSeq = Math.max(this.#nextSeq, record.seq + 1);
    if ('drop' in record) {
      this.#users.delete(user);
      this.#dropped.add(user);
    } else if ('void' in record) {
      const known = this.#users.get(user);
      if (known) known.parts = known.parts.filter(({ seq }) => seq !== record.void);
    } else {
      const known = this.#users.get(user);
      if (known) known.parts.push({ seq: record.seq, events: record.events });
      else this.#users.set(user, { held: record.held, parts: [{ seq: record.seq, events: record.events }] });
    }
  }

  result(): Pick<ReadLog, 'users' | 'dropped' | 'nextSeq'> {
    const users = new Map<string, LoggedUser>();
    for (const [user, { held, parts }] of this.#users)
      users.set(user, { held, events: parts.flatMap((p) => p.events) });
    return { users, dropped: this.#dropped, nextSeq: this.#nextSeq };
  }
}
