import { OptionError } from '../errors.ts';
import { impressionExamples } from '../examples/impressions.ts';
import { labelOf, positiveEvents } from '../examples/labels.ts';
import { pointExamples } from '../examples/points.ts';
import { takeExamples } from '../examples/take.ts';
import type { Interactions } from '../interactions.ts';
import { rowsWhere } from '../rows-where.ts';
import type { ExampleSet, RowExamples, RowSplit } from './split.ts';

/** Parts by their numbers; a row of another number is in none of them. */
export const partNames = ['train', 'validation', 'test'] as const;

/**
 * Which rows a history may hold: those of the training part alone, whatever part the example is in, so that training
 * never reads a row that is tested on; or, where the parts follow each other in time, all rows before the request.
 */
export type HistoryRows = 'training' | 'earlier';

export interface RowSplitOptions {
  readonly examples?: RowExamples;
  readonly maxHistory?: number;
}

/** What examples are where nobody says: rows with a history need times, requests and a label. */
export function usualExamples({ hasTimestamps, roles }: Interactions): RowExamples {
  return hasTimestamps && roles.request !== undefined && roles.labels.length > 0 ? 'impressions' : 'points';
}

/** The rows of each part as examples. */
export function rowSets(
  interactions: Interactions,
  partOf: Uint8Array,
  operation: string,
  { examples = usualExamples(interactions), maxHistory, rows = 'training' }: RowSplitOptions & { rows?: HistoryRows },
): Required<Pick<RowSplit, 'train' | 'validation' | 'test' | 'examples'>> {
  if (examples === 'points' && maxHistory !== undefined) {
    throw new OptionError(
      operation,
      `expected maxHistory with impressions alone, points have no history; got ${maxHistory}`,
      {
        key: 'maxHistory',
      },
    );
  }
  const all =
    examples === 'points'
      ? pointExamples(interactions)
      : impressionExamples(interactions, {
          history: historyRows(interactions, rows === 'training' ? partOf : undefined, operation),
          ...(maxHistory === undefined ? {} : { maxHistory }),
        });
  const part = (number: number): ExampleSet => takeExamples(all, rowsWhere(partOf, number), partNames[number]);
  return { train: part(0), validation: part(1), test: part(2), examples };
}

function historyRows(interactions: Interactions, partOf: Uint8Array | undefined, operation: string): Uint8Array {
  const counting =
    interactions.roles.labels.length === 0
      ? new Uint8Array(interactions.numEvents).fill(1)
      : positiveEvents(labelOf(interactions, undefined, operation));
  if (partOf !== undefined) for (let e = 0; e < counting.length; e++) if (partOf[e] !== 0) counting[e] = 0;
  return counting;
}

/** What the history of an example is, for the sentence of a split. */
export function historyText(
  { roles }: Interactions,
  examples: RowExamples,
  maxHistory?: number,
  rows: HistoryRows = 'training',
): string {
  if (examples === 'points') return 'examples have no history';
  const [label] = roles.labels;
  const which = label === undefined ? 'events' : `events with ${label} above 0`;
  const most = maxHistory === undefined ? '' : `the latest ${maxHistory} of `;
  const parts = rows === 'training' ? 'those of the training part alone' : 'whatever part they are in';
  return `a history is ${most}its user's ${which} strictly before the request, ${parts}`;
}
