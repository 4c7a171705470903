import { z } from 'zod';

/** The first line of a log: what it is of. */
export interface LogHeader {
  readonly log: 'seqrec-events';
  readonly version: 1;
  /** Digest of the run's data, whose item ids the log speaks of. */
  readonly data: string;
}

/** The first line of a log of these data, without its end. */
export function headerLine(data: string): string {
  return JSON.stringify({ log: 'seqrec-events', version: 1, data } satisfies LogHeader);
}

const event = z.union([
  z.tuple([z.string(), z.number()]).readonly(),
  z.tuple([z.string(), z.number(), z.number()]).readonly(),
]);

/** Item, time in seconds, rating where there is one. */
export type LoggedEvent = z.output<typeof event>;

const seq = z.int().min(0);
const record = z.union([
  z.strictObject({ seq, user: z.string(), held: z.int().min(0), events: z.array(event).readonly() }),
  z.strictObject({ seq, user: z.string(), drop: z.literal(true) }),
  z.strictObject({ seq, user: z.string(), void: seq }),
]);

/**
 * A line of the log. Events of a user, who held `held` before: those of the data, where they are not in the log. The
 * user forgotten. A line before, `void`, taken back.
 */
export type LogRecord = z.output<typeof record>;

const header = z.strictObject({ log: z.literal('seqrec-events'), version: z.literal(1), data: z.string() });

/** Reads a line; nothing when it is none. */
export function parseRecord(line: string): LogRecord | undefined {
  return parsed(record, line);
}

export function parseHeader(line: string): LogHeader | undefined {
  return parsed(header, line);
}

function parsed<T>(schema: z.ZodType<T>, line: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
