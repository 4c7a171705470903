import { positionColumn } from '../create-interactions.ts';
import { whyNoFeature } from '../examples/feature-columns.ts';
import { usersOf } from '../examples/points.ts';
import type { Interactions } from '../interactions.ts';
import { rowsWhere } from '../rows-where.ts';
import type { Column } from '../table/column.ts';
import { areaUnderCurve } from './auc.ts';
import type { LeakageCheck } from './leakage-check.ts';
import type { Split } from './split.ts';

/** A column that alone ranks so many pairs rightly is told. */
const suspicious = 0.99;
/** Fewer positives or negatives say nothing. */
const leastOfEach = 20;
/** Rows that are looked at, evenly spaced. */
const mostRows = 1 << 20;

/**
 * Columns that alone predict a label almost perfectly, on the rows that training learns from: a sign that they are made
 * from it, or known only after the event. A label is "above 0"; rows without one are left out. Looked at are columns of
 * the events, users and items of kind `number` (one a row) and `time`, in either direction and with missing values
 * below all others, and of kind `id`, by the mean label of the other rows with the same id. Those that are no features
 * anyway (`checkFeatureColumns`) are not looked at.
 */
export function columnChecks(split: Split, trained: Uint8Array): LeakageCheck[] {
  const { interactions } = split;
  const { roles, events } = interactions;
  if (roles.labels.length === 0) return [];
  const rows = split.examples === undefined ? rowsWhere(trained) : split.train.targets;
  const checks = roles.labels.flatMap((label) => {
    const column = events.columns.get(label);
    if (column?.kind !== 'number' || column.width !== 1) return [];
    return suspiciousColumns(interactions, label, labelledRows(column.values, rows));
  });
  return checks.length > 0 ? checks : [noneFound(roles.labels)];
}

function noneFound(labels: readonly string[]): LeakageCheck {
  return {
    name: 'column-predicts-label',
    value: 0,
    share: 0,
    verdict: 'ok',
    text: `0 columns alone predict ${labels.join(' or ')} almost perfectly (AUC ${suspicious} or more).`,
  };
}

interface Labelled {
  readonly rows: Int32Array;
  /** 1 or 0 for each row. */
  readonly positive: Uint8Array;
  readonly positives: number;
}

function labelledRows(values: Float32Array, among: Int32Array): Labelled {
  const step = Math.max(1, Math.ceil(among.length / mostRows));
  const rows = new Int32Array(Math.ceil(among.length / step));
  const positive = new Uint8Array(rows.length);
  let [count, positives] = [0, 0];
  for (let k = 0; k < among.length; k += step) {
    const value = values[among[k]];
    if (Number.isNaN(value)) continue;
    rows[count] = among[k];
    if (value > 0) {
      positive[count] = 1;
      positives++;
    }
    count++;
  }
  return { rows: rows.subarray(0, count), positive: positive.subarray(0, count), positives };
}

function suspiciousColumns(interactions: Interactions, label: string, labelled: Labelled): LeakageCheck[] {
  const { positives, rows } = labelled;
  if (positives < leastOfEach || rows.length - positives < leastOfEach) return [];
  const { roles, itemIds } = interactions;
  const userOf = usersOf(interactions);
  const tables = [
    ['events', interactions.events, (event: number) => event],
    ['users', interactions.userTable, (event: number) => userOf[event]],
    ['items', interactions.itemTable, (event: number) => itemIds[event] - 1],
  ] as const;
  return tables.flatMap(([table, { columns }, rowOf]) =>
    Array.from(columns).flatMap(([name, column]): LeakageCheck[] => {
      const isPosition = roles.time === undefined && name === positionColumn;
      if (table === 'events' && (isPosition || whyNoFeature(roles, name) !== undefined)) return [];
      const auc = aucOf(column, labelled, rowOf);
      if (auc === undefined || auc < suspicious) return [];
      return [
        {
          name: 'column-predicts-label',
          value: 1,
          share: auc,
          verdict: 'warning',
          text:
            `the column ${name} of ${table} alone predicts ${label} with an AUC of ${auc.toFixed(4)} on ${rows.length} training ` +
            'rows: it is made from the label or known only after the event, most likely; ' +
            (table === 'events' ? 'declare it (after, --data.after) or leave it out.' : 'leave it out.'),
        },
      ];
    }),
  );
}

/** How well a column alone tells the label; `undefined` for kinds that are not looked at. */
function aucOf(column: Column, labelled: Labelled, rowOf: (event: number) => number): number | undefined {
  const { rows, positive, positives } = labelled;
  const score = scoreOf(column, labelled, rowOf);
  if (score === undefined) return undefined;
  const [ofPositives, ofNegatives] = [new Float64Array(positives), new Float64Array(rows.length - positives)];
  let [p, n] = [0, 0];
  for (let k = 0; k < rows.length; k++) {
    if (positive[k] === 1) ofPositives[p++] = score(k);
    else ofNegatives[n++] = score(k);
  }
  const auc = areaUnderCurve(ofPositives, ofNegatives);
  // Low ids mean nothing, but low numbers may.
  return column.kind === 'id' ? auc : Math.max(auc, 1 - auc);
}

function scoreOf(
  column: Column,
  { rows, positive, positives }: Labelled,
  rowOf: (event: number) => number,
): ((k: number) => number) | undefined {
  if (column.kind === 'time' || (column.kind === 'number' && column.width === 1)) {
    const { values } = column;
    return (k) => {
      const value = values[rowOf(rows[k])];
      return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
    };
  }
  if (column.kind !== 'id') return undefined;
  const { values, ids } = column;
  const counts = new Float64Array(ids.size + 1);
  const sums = new Float64Array(ids.size + 1);
  for (let k = 0; k < rows.length; k++) {
    const id = values[rowOf(rows[k])];
    counts[id]++;
    sums[id] += positive[k];
  }
  const mean = positives / rows.length;
  return (k) => {
    const id = values[rowOf(rows[k])];
    // The row itself does not count: an id of one row would know its label.
    return counts[id] === 1 ? mean : (sums[id] - positive[k]) / (counts[id] - 1);
  };
}
