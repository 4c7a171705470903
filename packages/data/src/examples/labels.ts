import { DataError, OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import type { ExampleSet } from '../splits/split.ts';

/** A label of the events as numbers; shape of `values`: [numEvents]. */
export interface Label {
  readonly name: string;
  /** 1 or 0 where a row says whether, else a number; NaN where it has none. */
  readonly values: Float32Array;
}

/**
 * The column of a label: the one that is named, else the first in the role `labels`.
 *
 * @throws {OptionError} when there is none of that name among the labels, or it is no column of one number a row
 */
export function labelOf({ events, roles, name: title }: Interactions, label?: string, operation = 'labelOf'): Label {
  const name = label ?? roles.labels[0];
  if (name === undefined || !roles.labels.includes(name)) {
    const known = roles.labels.join(', ') || 'none';
    throw new OptionError(operation, `expected a label of ${title}, of ${known}; got ${name ?? 'none'}`, {
      key: 'label',
      hint: 'say which columns are labels (--data.labels)',
    });
  }
  const column = events.columns.get(name);
  if (column?.kind !== 'number' || column.width !== 1) {
    const got =
      column === undefined ? 'no such column' : column.kind === 'number' ? 'a vector' : `one of ${column.kind}`;
    throw new OptionError(operation, `expected the label ${name} to be one number a row; got ${got}`, {
      key: 'label',
      hint: `read it as a number (--data.columns.${name} number)`,
    });
  }
  return { name, values: column.values };
}

/** 1 for each event whose label is above 0, else 0; a missing label is not above. */
export function positiveEvents({ values }: Label): Uint8Array {
  const positive = new Uint8Array(values.length);
  for (let e = 0; e < values.length; e++) if (values[e] > 0) positive[e] = 1;
  return positive;
}

/** 1 for each row that is an event, 0 for one that was drawn. */
export function happenedRows(interactions: Interactions): Uint8Array {
  const { roles, numEvents } = interactions;
  if (roles.event === undefined) return new Uint8Array(numEvents).fill(1);
  return positiveEvents(labelOf(interactions, roles.event));
}

/**
 * What all targets of a set with a label have as that label, NaN where none has one; `undefined` where they differ.
 */
export function constantLabel({ targets }: Pick<ExampleSet, 'targets'>, { values }: Label): number | undefined {
  let first = Number.NaN;
  for (const target of targets) {
    const value = values[target];
    if (Number.isNaN(value) || value === first) continue;
    if (!Number.isNaN(first)) return undefined;
    first = value;
  }
  return first;
}

/**
 * Refuses a training part from which nothing can be learned of a label, as all its rows have the same or none.
 *
 * @param labels default: all columns in the role `labels`
 * @throws {DataError} `constant-label` naming the label, its value and the number of rows
 */
export function checkTrainingLabels(
  train: ExampleSet,
  labels: readonly Label[] = train.interactions.roles.labels.map((name) => labelOf(train.interactions, name)),
): void {
  const { interactions, targets } = train;
  for (const label of labels) {
    const value = constantLabel(train, label);
    if (value === undefined) continue;
    const { name } = label;
    const rows = `${targets.length} training rows of ${interactions.name}`;
    throw new DataError(
      'checkTrainingLabels',
      `expected the label ${name} to differ among the training rows; got ` +
        (Number.isNaN(value) ? `no value in any of the ${rows}` : `${value} in all of the ${rows}`),
      {
        code: 'constant-label',
        column: name,
        hint: 'set other bounds (--data.label.positiveAbove, --data.label.negativeBelow), or split in another way (--data.split)',
      },
    );
  }
}
