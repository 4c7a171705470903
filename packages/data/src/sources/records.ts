import { CsvError, type Options, Parser } from 'csv-parse';
import { optionHint, type ProblemLog, type RowProblem } from '../problems.ts';
import { maxLineBytes } from './lines.ts';
import { quoted } from './rating-rows.ts';

/**
 * Takes a record, or says what is wrong with it. A record of several lines that is refused may be a quote left open
 * that took in good rows: then its first line alone is given up.
 */
export type RecordHandler = (fields: string[], line: number, lines: number, end: number) => RowProblem | undefined;

export interface RecordOptions {
  readonly delimiter: string;
  readonly quote: string | null;
  readonly encoding: 'utf8' | 'latin1';
}

/** Leaves csv-parse when a record of several lines was refused. */
class Refused extends Error {
  readonly problem: RowProblem;

  constructor(problem: RowProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

const newline = 10;

/**
 * csv-parse with a way on after a bad row: the line that the row begins in is reported and left out, and the next
 * line is read as the beginning of a row, by a new parser.
 *
 * csv-parse's own way (`skip_records_with_error`) goes on inside the record, and an open quote then takes in all
 * lines up to the next one. Kept in memory: the chunk, and the bytes of the record that is not finished.
 */
export class RecordReader {
  /** False: a bad row is an error whatever the log says, as one in the header. */
  tolerant = true;
  readonly #options: RecordOptions;
  readonly #log: ProblemLog;
  readonly #onRecord: RecordHandler;
  #parser: Parser;
  /** Lines and bytes of the file before those that the parser was given. */
  #linesBefore = 0;
  #bytesBefore = 0;
  /** Bytes of the parser's own count: up to the end of the last record, and in all. */
  #done = 0;
  #given = 0;
  /** Of the parser's own count: the line in which the last record ended, and the blank lines up to there. */
  #lastLine = 0;
  #blank = 0;
  /** The bytes from `#done` on, or from somewhat before. */
  #kept: Buffer[] = [];
  #keptFrom = 0;
  /** Inside a line that was given up before its end was there. */
  #skipping = false;

  constructor(options: RecordOptions, log: ProblemLog, onRecord: RecordHandler) {
    this.#options = options;
    this.#log = log;
    this.#onRecord = onRecord;
    this.#parser = this.#newParser(true);
  }

  write(chunk: Uint8Array): void {
    let bytes: Buffer | undefined = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    while (bytes !== undefined && bytes.length > 0) {
      if (this.#skipping) {
        bytes = this.#skip(bytes);
        continue;
      }
      this.#kept.push(bytes);
      this.#given += bytes.length;
      const failure = this.#run((done) => this.#parser._transform(bytes, 'utf8', done));
      if (failure === undefined) {
        this.#forget();
        return;
      }
      bytes = this.#giveUpLine(failure);
    }
  }

  /** After the last chunk. */
  finish(): void {
    for (;;) {
      if (this.#skipping) return;
      const failure = this.#run((done) => this.#parser._flush(done));
      if (failure === undefined) return;
      const rest = this.#giveUpLine(failure);
      if (rest === undefined) return;
      this.write(rest);
    }
  }

  #newParser(first: boolean): Parser {
    const options: Options = {
      ...this.#options,
      bom: first,
      record_delimiter: '\n',
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: maxLineBytes,
      on_record: (fields: string[], { lines, bytes, empty_lines }) => {
        const line = this.#lastLine + 1 + empty_lines - this.#blank;
        const problem = this.#onRecord(fields, this.#linesBefore + line, lines - line + 1, this.#bytesBefore + bytes);
        if (problem !== undefined) {
          if (lines > line) throw new Refused(problem);
          this.#log.report(this.#linesBefore + line, problem);
        }
        this.#lastLine = lines;
        this.#blank = empty_lines;
        this.#done = bytes;
        return null;
      },
    };
    return new Parser(options);
  }

  /** Runs csv-parse on what it was given; what it calls back with, it does so at once. */
  #run(step: (done: (error?: Error | null) => void) => void): Error | undefined {
    let failure: Error | undefined;
    step((error) => {
      failure = error ?? undefined;
    });
    if (failure === undefined || failure instanceof CsvError || failure instanceof Refused) return failure;
    throw failure;
  }

  /** Forgets the bytes of records that are finished. */
  #forget(): void {
    const last = this.#kept[this.#kept.length - 1];
    const lastFrom = this.#given - last.length;
    if (this.#done < lastFrom) return;
    this.#kept = [last.subarray(this.#done - lastFrom)];
    this.#keptFrom = this.#done;
  }

  /** Reports the row that failed and gives the bytes after its first line, or nothing when that has not ended yet. */
  #giveUpLine(failure: Error): Buffer | undefined {
    const bytes = this.#kept.length === 1 ? this.#kept[0] : Buffer.concat(this.#kept);
    let start = this.#done - this.#keptFrom;
    let line = this.#linesBefore + this.#lastLine + 1;
    for (; bytes[start] === newline; start++) line++;
    const end = bytes.indexOf(newline, start);
    const severalLines = end >= 0 && end + 1 < bytes.length;
    const problem = this.#explain(failure, severalLines);
    if (!this.tolerant) throw this.#log.error(line, problem);
    this.#log.report(line, problem);
    const next = end < 0 ? bytes.length : end + 1;
    this.#linesBefore = line;
    this.#bytesBefore += this.#keptFrom + next;
    this.#skipping = end < 0;
    this.#parser = this.#newParser(false);
    this.#done = 0;
    this.#given = 0;
    this.#lastLine = 0;
    this.#blank = 0;
    this.#kept = [];
    this.#keptFrom = 0;
    return this.#skipping ? undefined : bytes.subarray(next);
  }

  /** The bytes after the end of the line that is left out, or nothing while it has not come. */
  #skip(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(newline);
    this.#bytesBefore += end < 0 ? bytes.length : end + 1;
    if (end < 0) return undefined;
    this.#skipping = false;
    return bytes.subarray(end + 1);
  }

  #explain(failure: Error, severalLines: boolean): RowProblem {
    if (failure instanceof Refused) return failure.problem;
    const { code } = failure as CsvError;
    const noQuotes = `set ${optionHint('quote', false)} if quotes are ordinary characters`;
    if (code === 'CSV_MAX_RECORD_SIZE' && !severalLines) {
      return { reason: 'long-line', message: 'expected records of less than 1 MiB; got a longer one' };
    }
    if (code === 'CSV_QUOTE_NOT_CLOSED' || code === 'CSV_MAX_RECORD_SIZE') {
      const got = code === 'CSV_QUOTE_NOT_CLOSED' ? 'the end of the file' : 'none in 1 MiB';
      const message = `expected a closing quote; got ${got}`;
      return { reason: 'unterminated-quote', message, hint: `close the quote, or ${noQuotes}`, option: 'quote' };
    }
    if (code === 'CSV_INVALID_CLOSING_QUOTE' && severalLines) {
      const { quote, delimiter } = this.#options;
      const after = `${quoted(delimiter)} or the end of a line`;
      return {
        reason: 'unterminated-quote',
        message: `expected a closing quote before ${after}; got the next ${quote} in a later line, before other text`,
        hint: `close the quote, or ${noQuotes}`,
        option: 'quote',
      };
    }
    return {
      reason: 'bad-quote',
      message: `expected quotes around whole fields; got a stray one (${failure.message})`,
      hint: noQuotes,
      option: 'quote',
    };
  }
}
