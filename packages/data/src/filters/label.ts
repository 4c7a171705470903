import { closest } from '../closest.ts';
import { OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import type { Column } from '../table/column.ts';
import { selectEvents } from './select.ts';

export interface LabelOptions {
  /** A column of the events, one number a row. */
  readonly column: string;
  /** Rows above are positive, label 1. */
  readonly positiveAbove: number;
  /** Rows below are negative, label 0; at most `positiveAbove`. */
  readonly negativeBelow: number;
  /** Of the new column; default `label`. */
  readonly name?: string;
}

/**
 * A label from a column of numbers: 1 where it is above `positiveAbove`, 0 where it is below `negativeBelow`. Rows
 * between the two (both bounds included) and rows without a number are dropped and counted; the corpus stays.
 *
 * The new column is the first in the role `labels`, and the old one in the role `labelSources`, so that
 * `checkFeatureColumns` refuses it as a feature, whatever else it is.
 * @throws {OptionError} for a column that is not there or not one number a row, bounds out of order, a name that is
 *   taken; {DataError} `empty` when no row is left
 */
export function labelFromColumn(i: Interactions, options: LabelOptions): Interactions {
  const { column, positiveAbove, negativeBelow, name = 'label' } = options;
  const values = numbersOf(i, column);
  checkBounds(options);
  // The column of the users is no column of the table, but has its name.
  if (name === i.roles.user || i.events.columns.has(name)) {
    throw new OptionError(operation, `expected a name that no column of the events has; got ${name}`, {
      key: 'label.name',
      hint: 'choose another one (--data.label.name)',
    });
  }
  const keep = new Uint8Array(values.length);
  const label = new Float32Array(values.length);
  // Numbers are kept as floats: 3.3 must be on the bound 3.3.
  const [above, below] = [Math.fround(positiveAbove), Math.fround(negativeBelow)];
  const counts = { positives: 0, negatives: 0, between: 0, missing: 0 };
  for (let e = 0; e < values.length; e++) {
    if (Number.isNaN(values[e])) counts.missing++;
    else if (values[e] > above) {
      counts.positives++;
      label[e] = 1;
      keep[e] = 1;
    } else if (values[e] < below) {
      counts.negatives++;
      keep[e] = 1;
    } else counts.between++;
  }
  const { labels, labelSources = [] } = i.roles;
  return selectEvents(i, {
    keep,
    dropItems: false,
    name: 'label',
    params: { column, positiveAbove, negativeBelow, label: name },
    detail:
      `Made the label ${name} of ${column}: 1 above ${positiveAbove} (${counts.positives} rows), 0 below ` +
      `${negativeBelow} (${counts.negatives} rows); left out ${counts.between} rows between and ${counts.missing} ` +
      'without a value',
    counts,
    added: {
      columns: new Map<string, Column>([[name, { kind: 'number', width: 1, values: label }]]),
      roles: {
        labels: [name, ...labels],
        labelSources: [...new Set([...labelSources, column])],
      },
    },
  });
}

const operation = 'labelFromColumn';

function numbersOf({ events, name: title }: Interactions, name: string): Float32Array {
  const column = events.columns.get(name);
  if (column?.kind === 'number' && column.width === 1) return column.values;
  if (column === undefined) {
    const known = [...events.columns.keys()];
    const near = closest(name, known);
    throw new OptionError(operation, `expected a column of the events of ${title}; got "${name}"`, {
      key: 'label.column',
      hint: near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`,
    });
  }
  const got = column.kind === 'number' ? 'a vector' : `a column of ${column.kind}`;
  throw new OptionError(operation, `expected one number a row in ${name}; got ${got}`, {
    key: 'label.column',
    hint: `read it as a number (--data.columns.${name} number)`,
  });
}

function checkBounds({ positiveAbove, negativeBelow }: LabelOptions): void {
  for (const [key, value] of Object.entries({ positiveAbove, negativeBelow })) {
    if (Number.isFinite(value)) continue;
    throw new OptionError(operation, `expected a finite ${key}; got ${value}`, { key: `label.${key}` });
  }
  if (negativeBelow <= positiveAbove) return;
  throw new OptionError(
    operation,
    `expected negativeBelow of at most positiveAbove, ${positiveAbove}; got ${negativeBelow}`,
    { key: 'label.negativeBelow', hint: 'a row cannot be positive and negative' },
  );
}
