/**
 * Errors of the framework. Message grammar: `op: what was expected; got what was given; a hint`.
 * `code` is stable across versions, the text is not.
 */
export class SeqrecError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A tensor or array has the wrong shape, or two of them disagree. */
export class ShapeError extends SeqrecError {
  constructor(message: string, options?: ErrorOptions) {
    super('shape', message, options);
  }
}

/** A tensor has the wrong element type. */
export class DTypeError extends SeqrecError {
  constructor(message: string, options?: ErrorOptions) {
    super('dtype', message, options);
  }
}

/** An argument is outside the range that is implemented or meaningful. */
export class UnsupportedError extends SeqrecError {
  constructor(message: string, options?: ErrorOptions) {
    super('unsupported', message, options);
  }
}

/** A computed number is not finite where an order or a sum needs it to be. */
export class NumericError extends SeqrecError {
  /** Row of the result where it was met. */
  readonly row: number;

  constructor(message: string, row: number, options?: ErrorOptions) {
    super('numeric', message, options);
    this.row = row;
  }
}

/** A backend is unknown, not installed or failed to start. */
export class BackendError extends SeqrecError {
  constructor(message: string, options?: ErrorOptions) {
    super('backend', message, options);
  }
}

/** Kernels that were compiled from other sources than those of the checkout. No other backend is a way out. */
export class StaleKernelsError extends BackendError {
  override readonly name = 'StaleKernelsError';
}

/** The number of threads that an option or `SEQREC_THREADS` asks for is none. No other backend is a way out. */
export class ThreadCountError extends BackendError {
  override readonly name = 'ThreadCountError';
}

/** A backend cannot allocate; the message says how many bytes, for what, and what to lower. */
export class OutOfMemoryError extends SeqrecError {
  /** Bytes that were asked for, when known. */
  readonly bytes?: number;

  constructor(message: string, bytes?: number, options?: ErrorOptions) {
    super('out-of-memory', message, options);
    this.bytes = bytes;
  }
}

/** A file with the rows of a table is of another table, damaged, or cannot be read or written. */
export class TableError extends SeqrecError {
  constructor(message: string, options?: ErrorOptions) {
    super('table', message, options);
  }
}

/** A GPU program does not compile; the message names the op. */
export class ShaderError extends SeqrecError {
  constructor(message: string, options?: ErrorOptions) {
    super('shader', message, options);
  }
}

/** The GPU went away, with the tensors on it; the message names the op that met it. */
export class DeviceLostError extends SeqrecError {
  constructor(message: string, options?: ErrorOptions) {
    super('device-lost', message, options);
  }
}
