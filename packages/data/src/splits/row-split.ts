import { OptionError } from '../errors.ts';
import { impressionExamples } from '../examples/impressions.ts';
import { labelOf, positiveEvents } from '../examples/labels.ts';
import { pointExamples } from '../examples/points.ts';
import { takeExamples } from '../examples/take.ts';
import type { Interactions } from '../interactions.ts';
import { rowsWhere } from '../rows-where.ts';
import type { ExampleSet, RowExamples, Split } from './split.ts';

/** Parts by their numbers. */
export const partNames = ['train', 'validation', 'test'] as const;

export interface RowSplitOptions {
  readonly examples?: RowExamples;
  readonly maxHistory?: number;
}

/** What examples are where nobody says: rows with a history need times, requests and a label. */
export function usualExamples({ hasTimestamps, roles }: Interactions): RowExamples {
  return hasTimestamps && roles.request !== undefined && roles.labels.length > 0 ? 'impressions' : 'points';
}

/** The rows of each part as examples; histories hold events of the training part alone. */
export function rowSets(
  interactions: Interactions,
  partOf: Uint8Array,
  operation: string,
  { examples = usualExamples(interactions), maxHistory }: RowSplitOptions,
): Required<Pick<Split, 'train' | 'validation' | 'test' | 'examples'>> {
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
          history: trainingHistory(interactions, partOf, operation),
          ...(maxHistory === undefined ? {} : { maxHistory }),
        });
  const part = (number: number): ExampleSet => takeExamples(all, rowsWhere(partOf, number), partNames[number]);
  return { train: part(0), validation: part(1), test: part(2), examples };
}

function trainingHistory(interactions: Interactions, partOf: Uint8Array, operation: string): Uint8Array {
  const counting =
    interactions.roles.labels.length === 0
      ? new Uint8Array(interactions.numEvents).fill(1)
      : positiveEvents(labelOf(interactions, undefined, operation));
  for (let e = 0; e < counting.length; e++) if (partOf[e] !== 0) counting[e] = 0;
  return counting;
}

/** What the history of an example is, for the sentence of a split. */
export function historyText({ roles }: Interactions, examples: RowExamples, maxHistory?: number): string {
  if (examples === 'points') return 'examples have no history';
  const [label] = roles.labels;
  const which = label === undefined ? 'events' : `events with ${label} above 0`;
  const most = maxHistory === undefined ? '' : `the latest ${maxHistory} of `;
  return `a history is ${most}its user's ${which} strictly before the request, those of the training part alone`;
}
