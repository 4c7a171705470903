import { GoldenError } from '../errors.ts';

/** The largest of each kind of quantity; 0 for a quantity that a file does not have. */
export interface GoldenMaxima {
  readonly outputs: number;
  readonly loss: number;
  readonly gradients: number;
}

/** What a check measured: errors, each relative to the largest magnitude of the expected tensor. */
export interface GoldenErrors {
  /** By name: what a module gives (rows inside the sequences), a state after a step, a scalar. */
  readonly outputs?: Readonly<Record<string, number>>;
  /** Absent where a file has none. */
  readonly loss?: number;
  /** By parameter or input; `x` is the input of a module. */
  readonly gradients?: Readonly<Record<string, number>>;
}

/** Errors against a golden file. */
export interface GoldenReport extends GoldenErrors {
  readonly name: string;
  readonly outputs: Readonly<Record<string, number>>;
  readonly gradients: Readonly<Record<string, number>>;
  readonly maxima: GoldenMaxima;
  /** What float32 may be off by. */
  readonly tolerance: GoldenMaxima;
}

/**
 * The report of a check.
 *
 * @param name of the file.
 * @throws GoldenError when nothing was compared: that would pass.
 */
export function goldenReport(name: string, errors: GoldenErrors, tolerance: GoldenMaxima): GoldenReport {
  const { outputs = {}, gradients = {}, loss } = errors;
  const ofOutputs = Object.values(outputs);
  const ofGradients = Object.values(gradients);
  if (ofOutputs.length + ofGradients.length === 0 && loss === undefined) {
    throw new GoldenError(`golden: ${name}: expected something to compare; got no outputs, no loss and no gradients`);
  }
  const maxima = {
    outputs: Math.max(0, ...ofOutputs),
    loss: loss ?? 0,
    gradients: Math.max(0, ...ofGradients),
  };
  return { name, outputs, ...(loss === undefined ? {} : { loss }), gradients, maxima, tolerance };
}

/** What a reference loses in float32, by group. */
export interface Float32Losses {
  readonly outputs?: number;
  readonly loss?: number;
  readonly gradients?: number;
  readonly inputGradients?: number;
}

/**
 * Five times what the reference loses in float32, at least 1e-6.
 *
 * @param lost the file's `float32Deviation`; left out: 1e-6 for everything.
 * @param atLeast a bound below which float32 cannot be expected to stay for a reason of the file's own.
 */
export function float32Tolerance(lost: Float32Losses = {}, atLeast = 0): GoldenMaxima {
  const { outputs = 0, loss = 0, gradients = 0, inputGradients = 0 } = lost;
  const allowed = (each: number): number => Math.max(1e-6, 5 * each, atLeast);
  return { outputs: allowed(outputs), loss: allowed(loss), gradients: allowed(Math.max(gradients, inputGradients)) };
}
