import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { RunError } from '../../errors.ts';
import { writeFileAtomic } from './atomic.ts';

/** One optimiser step. */
export interface StepRecord {
  readonly type: 'step';
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** Events of the histories. */
  readonly tokens: number;
  readonly tokensPerSecond: number;
  /** Of a model of rows. */
  readonly rows?: number;
  readonly rowsPerSecond?: number;
  /** Of the step, where a schedule changes it. */
  readonly learningRate?: number;
  readonly time: string;
}

/** The end of an epoch: mean training loss per label and the metrics of the evaluated set. */
export interface EpochRecord {
  readonly type: 'epoch';
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  readonly meanLoss: number;
  readonly seconds: number;
  readonly tokensPerSecond: number;
  /** Of a model of rows. */
  readonly rowsPerSecond?: number;
  /** Of its last step, where a schedule changes it. */
  readonly learningRate?: number;
  readonly split: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** What a reader of the metrics must know; absent: nothing. */
  readonly warnings?: readonly string[];
  readonly evaluationSeconds: number;
  /**
   * Most bytes in the heap of the backend during the steps of the epoch that the process took, where it counts them.
   * Absent where it took none: the run was stopped in the evaluation of the epoch and went on there.
   */
  readonly peakHeapBytes?: number;
  readonly time: string;
}

/** The best checkpoint on the test set, once, when training ends. */
export interface FinalRecord {
  readonly type: 'final';
  readonly step: number;
  readonly epoch: number;
  readonly checkpoint: string;
  readonly split: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly time: string;
}

export type MetricsRecord = StepRecord | EpochRecord | FinalRecord;

/** Appends records to `metrics.jsonl`, one JSON object a line, each written at once. */
export class MetricsLog {
  readonly #descriptor: number;
  constructor(file: string) {
    this.#descriptor = openSync(file, 'a');
  }
  append(record: MetricsRecord): void {
    writeFileSync(this.#descriptor, `${JSON.stringify(record)}\n`);
  }
  close(): void {
    closeSync(this.#descriptor);
  }
}

/**
 * All records of a metrics file, in order. A last line without its end (a crash in the middle of a write) is left out.
 *
 * @throws RunError naming file and line when any other line is no record.
 */
export function readMetrics(file: string): MetricsRecord[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  const torn = lines.pop() ?? '';
  const records = lines.map((line, at) => {
    const record = parseRecord(line);
    if (record !== undefined) return record;
    const shown = JSON.stringify(line.length > 60 ? `${line.slice(0, 57)}...` : line);
    throw new RunError(`${file}:${at + 1}: expected a JSON record with type and step; got ${shown}; remove this line`);
  });
  const last = parseRecord(torn);
  return last === undefined ? records : [...records, last];
}

/**
 * Cuts a metrics file back to a checkpoint: step records up to `step`, epoch records up to `epochs` finished epochs,
 * no final record. What the interrupted run wrote beyond its checkpoint is written again, with the same values.
 */
export function truncateMetrics(file: string, checkpoint: { readonly step: number; readonly epochs: number }): void {
  const kept = readMetrics(file).filter((record) => {
    if (record.type === 'step') return record.step <= checkpoint.step;
    return record.type === 'epoch' && record.epoch <= checkpoint.epochs;
  });
  writeFileAtomic(file, kept.map((record) => `${JSON.stringify(record)}\n`).join(''));
}

function parseRecord(line: string): MetricsRecord | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as MetricsRecord;
    return typeof value.step === 'number' && typeof value.type === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
