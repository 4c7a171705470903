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
