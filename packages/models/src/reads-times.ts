/** A setting that makes times matter, and what it can be instead. */
export interface TimeReader {
  /** Dotted key below the model or the objective. */
  readonly key: string;
  readonly value: string | boolean;
  /** A value that reads no times; absent where another kind has to be chosen. */
  readonly without?: string | boolean;
}
