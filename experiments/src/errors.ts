/** How a command was called is wrong: unknown command, option or value. The program ends with code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(hint ? `${message}; ${hint}` : message);
    this.hint = hint;
  }
}

/** A configuration does not fit its schema: unknown key, wrong type, value out of range. Ends with code 2. */
export class ConfigError extends UsageError {
  override readonly name: string = 'ConfigError';
}

/** A run folder is missing, damaged, or belongs to another configuration or data set. Ends with code 1. */
export class RunError extends Error {
  override readonly name: string = 'RunError';
}

/** A golden file is malformed, or a comparison lies outside its tolerance. Ends with code 1. */
export class ParityError extends Error {
  override readonly name: string = 'ParityError';
}

// Errors of our packages are recognised by the name of their base class, so that `--help` need not load TensorFlow.js.
const EXPECTED = new Set(['UsageError', 'RunError', 'ParityError', 'SeqrecError', 'DataError', 'CACError']);

/** Errors whose message is written for the person at the terminal; any other error is a defect and shows its stack. */
export function isExpected(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  for (let type = Object.getPrototypeOf(error); type !== null; type = Object.getPrototypeOf(type)) {
    if (EXPECTED.has(type.constructor?.name)) return true;
  }
  // The operating system: `ENOENT: no such file or directory, open ...`.
  return 'syscall' in error && 'code' in error;
}

/** Exit code for an error: 2 for wrong usage, else 1. */
export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError || (error instanceof Error && error.name === 'CACError') ? 2 : 1;
}
