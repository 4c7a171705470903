import { UndefinedMetricError } from '../../errors.ts';

/** Metrics of one set of rows, in the order in which they are to be printed. */
export interface RowMetrics {
  /** Every metric that has a value. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Why the others have none. */
  readonly undefinedMetrics: Readonly<Record<string, string>>;
  /** The exact definition, one sentence a line, to print beside the numbers. */
  readonly definition: readonly string[];
  readonly rows: number;
  readonly groups: number | undefined;
}

/** A value, and what else was found on the way to it, in words. */
export interface Found {
  readonly value: number;
  readonly words: string;
}

/** Collects metrics, and the reasons of those that have no value. */
export class Measured {
  readonly metrics: Record<string, number> = {};
  readonly undefinedMetrics: Record<string, string> = {};
  readonly definition: string[] = [];

  add(name: string, measure: () => number | Found, definition: string): void {
    try {
      const found = measure();
      const value = typeof found === 'number' ? found : found.value;
      if (!Number.isFinite(value))
        throw new UndefinedMetricError(name, `expected a finite value; got ${value}: the numbers are too large`);
      this.metrics[name] = value;
      this.definition.push(`${name}: ${definition}${typeof found === 'number' ? '' : `; ${found.words}`}.`);
    } catch (error) {
      if (!(error instanceof UndefinedMetricError)) throw error;
      this.undefinedMetrics[name] = error.reason;
      this.definition.push(`${name}: ${definition}. No value: ${error.reason}.`);
    }
  }
}
