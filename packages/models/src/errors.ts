import { SeqrecError } from '@seqrec/core';

/** A configuration has an unknown key, a missing key or a value outside its range. */
export class ConfigError extends SeqrecError {
  /** Dotted path of the offending key, `''` for the whole configuration. */
  readonly path: string;

  constructor(message: string, path: string, options?: ErrorOptions) {
    super('config', message, options);
    this.path = path;
  }
}

/** Named parameters do not fit the model: missing, unexpected or of another shape. */
export class ParameterError extends SeqrecError {
  constructor(message: string, options?: ErrorOptions) {
    super('parameters', message, options);
  }
}

/** Where training stood when it failed. */
export interface TrainingErrorDetails {
  readonly step: number;
  readonly epoch: number;
  readonly stepInEpoch: number;
  readonly learningRate: number;
}

/** Training cannot go on, for example because the loss is not finite. The weights are those before the failed step. */
export class TrainingError extends SeqrecError {
  readonly details: TrainingErrorDetails;

  constructor(message: string, details: TrainingErrorDetails, options?: ErrorOptions) {
    super('training', message, options);
    this.details = details;
  }
}

/** A checkpoint or safetensors file is damaged, of another format, or belongs to another model or run. */
export class CheckpointError extends SeqrecError {
  readonly file: string;

  constructor(message: string, file: string, options?: ErrorOptions) {
    super('checkpoint', message, options);
    this.file = file;
  }
}

/** Why a delta is refused: of another model, another base, applied already, after a gap, or of another chain. */
export type DeltaProblem = 'model' | 'base' | 'order' | 'gap' | 'chain';

/** A delta is not the next one for the weights that it should be applied to. Nothing of it was applied. */
export class DeltaError extends SeqrecError {
  readonly reason: DeltaProblem;

  constructor(message: string, reason: DeltaProblem, options?: ErrorOptions) {
    super('delta', message, options);
    this.reason = reason;
  }
}

/** An evaluation was asked for something undefined, for example HR@k with k above the number of candidates. */
export class EvaluationError extends SeqrecError {
  constructor(message: string, options?: ErrorOptions) {
    super('evaluation', message, options);
  }
}

/**
 * A metric has no value for these rows, for example the area under the curve of labels that are all equal. `reason` is
 * the message without the name of the metric.
 */
export class UndefinedMetricError extends EvaluationError {
  readonly metric: string;
  readonly reason: string;

  constructor(metric: string, reason: string, options?: ErrorOptions) {
    super(`${metric}: ${reason}`, options);
    this.metric = metric;
    this.reason = reason;
  }
}

/** A golden file does not follow the format. */
export class GoldenError extends SeqrecError {
  constructor(message: string, options?: ErrorOptions) {
    super('golden', message, options);
  }
}
