/** One mutant and what became of it. */
export interface Mutant {
  readonly file: string;
  /** From 1, as the column. */
  readonly line: number;
  readonly column: number;
  /** The line on which it begins, without the space around it. */
  readonly text: string;
  readonly operator: string;
  readonly replacement: string;
  /** Stryker's word: Killed, Timeout, RuntimeError, Survived or NoCoverage. */
  readonly status: string;
}

/** A mutant that is known to survive, and why. */
export interface Excuse {
  readonly file: string;
  /** The line of the source on which the mutant begins, without the space around it. */
  readonly line: string;
  /** Replacements on that line; all of them when left out. */
  readonly mutants?: readonly string[];
  /** `equivalent`: no input tells it from the original. `left`: one would, and no test is worth its cost. */
  readonly kind: 'equivalent' | 'left';
  readonly why: string;
}

export interface Score {
  readonly mutants: number;
  readonly killed: number;
  readonly survived: number;
  readonly equivalent: number;
  /** Survivors that the list does not explain. */
  readonly unlisted: readonly Mutant[];
  /** Excuses that no survivor needs. */
  readonly unused: readonly Excuse[];
  /** Killed over all that are not equivalent, in [0, 1]; 1 without any. */
  readonly share: number;
}

/** Whether no test failed; a mutant that no test reaches is alive too. */
export function isAlive(status: string): boolean {
  return status === 'Survived' || status === 'NoCoverage';
}

export function score(mutants: readonly Mutant[], excuses: readonly Excuse[]): Score {
  const used = new Set<Excuse>();
  const unlisted: Mutant[] = [];
  let killed = 0;
  let equivalent = 0;
  for (const mutant of mutants) {
    if (!isAlive(mutant.status)) {
      killed++;
      continue;
    }
    const excuse = excuses.find(
      (e) => e.file === mutant.file && e.line === mutant.text && (e.mutants?.includes(mutant.replacement) ?? true),
    );
    if (excuse === undefined) unlisted.push(mutant);
    else used.add(excuse);
    if (excuse?.kind === 'equivalent') equivalent++;
  }
  const counted = mutants.length - equivalent;
  return {
    mutants: mutants.length,
    killed,
    survived: counted - killed,
    equivalent,
    unlisted,
    unused: excuses.filter((excuse) => !used.has(excuse)),
    share: counted === 0 ? 1 : killed / counted,
  };
}

/** The scores of folders as one. */
export function total(scores: Iterable<Score>): Score {
  const all = [...scores];
  const sum = (of: (score: Score) => number): number => all.reduce((count, score) => count + of(score), 0);
  const [mutants, killed, equivalent] = [sum((s) => s.mutants), sum((s) => s.killed), sum((s) => s.equivalent)];
  const counted = mutants - equivalent;
  return {
    mutants,
    killed,
    survived: counted - killed,
    equivalent,
    unlisted: all.flatMap(({ unlisted }) => unlisted),
    unused: all.flatMap(({ unused }) => unused),
    share: counted === 0 ? 1 : killed / counted,
  };
}

/** One line a folder and one for the whole, in columns. Folders without a score were not run. */
export function table(scores: ReadonlyMap<string, Score | undefined>, bar: number): string {
  const known = [...scores.values()].filter((s) => s !== undefined);
  const whole: [string, Score | undefined][] = known.length > 1 ? [['all', total(known)]] : [];
  const rows = [...scores, ...whole].map(([name, s]) =>
    s === undefined
      ? [name, ...Array<string>(5).fill('-'), 'not run']
      : [
          name,
          ...[s.mutants, s.killed, s.survived, s.equivalent, s.unlisted.length].map(String),
          `${(100 * s.share).toFixed(1)} %`.padStart(7) + (s.share < bar ? '  below the bar' : ''),
        ],
  );
  const lines = [['folder', 'mutants', 'killed', 'survived', 'equivalent', 'unexplained', 'score'], ...rows];
  const widths = lines[0].map((_, c) => (c === 6 ? 7 : Math.max(...lines.map((row) => row[c].length))));
  return lines
    .map((row) => row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join('  '))
    .join('\n');
}

/** 0 when every folder was run and reaches the bar, unexplained survivors or not; else 1. */
export function exitCode(scores: ReadonlyMap<string, Score | undefined>, bar: number): number {
  return scores.size > 0 && [...scores.values()].every((s) => s !== undefined && s.share >= bar) ? 0 : 1;
}
