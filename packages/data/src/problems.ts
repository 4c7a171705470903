import { DataError } from './errors.ts';
import type { ProblemCount } from './interactions.ts';

/** How many line numbers are kept for each reason. */
const keptLines = 5;

/** A row that cannot be taken: a short machine-readable reason, the sentence for people, and where in the row. */
export interface RowProblem {
  readonly reason: string;
  /** `expected ...; got ...` */
  readonly message: string;
  readonly column?: string | number;
  readonly hint?: string;
  /** The option that the hint names, as `optionHint` does; not every source has it, or under this name. */
  readonly option?: string;
}

/** An option that a hint names, as a program sets it and as the command line does. */
export function optionHint(key: string, value: string | boolean): string {
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  // The command line has no value that is false and a character as well.
  return `${key}: ${shown} (--data.${key} ${key === 'quote' && value === false ? 'none' : value})`;
}

/** What to do with a table of no known layout. */
export const otherTables = `for other tables set ${optionHint('format', 'csv')} and say which column is what (columns, --data.columns.user and so on)`;

/** Corrupt rows of one file: the first one throws, unless `lenient`, which counts them by reason. */
export class ProblemLog {
  readonly #operation: string;
  #file: string;
  #entry: string | undefined;
  /** Of the file that was entered last. */
  #title: string | undefined;
  readonly #lenient: boolean;
  readonly #hint: string | undefined;
  readonly #option: (key: string) => string | undefined;
  #first: { readonly line: number; readonly problem: RowProblem } | undefined;
  readonly #reasons = new Map<string, { reason: string; file?: string; count: number; firstLines: number[] }>();

  /**
   * @param options.hint what an error says that has no hint of its own; default: that lenient reading skips such rows
   * @param options.option the name that an option of a hint has here, `undefined` for one that is not there, whose hint
   *   is left out; default: none is there
   */
  constructor(options: {
    operation: string;
    file: string;
    entry?: string;
    lenient: boolean;
    hint?: string;
    option?: (key: string) => string | undefined;
  }) {
    this.#operation = options.operation;
    this.#file = options.file;
    this.#entry = options.entry;
    this.#lenient = options.lenient;
    this.#option = options.option ?? (() => undefined);
    this.#hint =
      options.hint ?? (options.lenient ? undefined : `${optionHint('lenient', true)} skips and counts such rows`);
  }

  /** What is reported from here on is in this file, for rows that come from several. */
  enter(place: { readonly file: string; readonly entry?: string }, title: string): void {
    this.#file = place.file;
    this.#entry = place.entry;
    this.#title = title;
  }

  /** @throws {DataError} naming file and line, unless lenient */
  report(line: number, problem: RowProblem): void {
    if (!this.#lenient) throw this.error(line, problem);
    this.#first ??= { line, problem };
    const { reason } = problem;
    const key = this.#title === undefined ? reason : `${this.#title}/${reason}`;
    const known = this.#reasons.get(key);
    if (known === undefined) {
      const file = this.#title === undefined ? {} : { file: this.#title };
      this.#reasons.set(key, { reason, ...file, count: 1, firstLines: [line] });
      return;
    }
    known.count++;
    if (known.firstLines.length < keptLines) known.firstLines.push(line);
  }

  error(line: number | undefined, problem: RowProblem): DataError {
    return new DataError(this.#operation, problem.message, {
      code: problem.reason,
      file: this.#file,
      ...(this.#entry === undefined ? {} : { entry: this.#entry }),
      ...(line === undefined ? {} : { line }),
      ...(problem.column === undefined ? {} : { column: problem.column }),
      hint: this.#hintOf(problem) ?? this.#hint,
    });
  }

  #hintOf({ hint, option }: RowProblem): string | undefined {
    if (option === undefined) return hint;
    const here = this.#option(option);
    return here && hint?.replace(`--data.${option} `, `--data.${here} `);
  }

  /** The error of a file without one good row, which tells what is wrong with the first. */
  noRows(rows: string, seen = this.total): DataError {
    const got = seen === 0 ? 'none' : `${seen} corrupt ones`;
    const { line, problem } = this.#first ?? {};
    const why = problem === undefined ? '' : `, of which line ${line}: ${problem.message}`;
    const { hint, option } = problem ?? {};
    const message = `expected ${rows}; got ${got}${why}`;
    return this.error(undefined, { reason: 'no-rows', message, ...(hint && { hint }), ...(option && { option }) });
  }

  get total(): number {
    let total = 0;
    for (const { count } of this.#reasons.values()) total += count;
    return total;
  }

  counts(file: string): ProblemCount[] {
    return Array.from(this.#reasons.values(), (problem) => ({
      reason: problem.reason,
      count: problem.count,
      firstLines: problem.firstLines,
      file: problem.file ?? file,
    }));
  }
}
