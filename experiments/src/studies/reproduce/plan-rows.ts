import { baselineOf } from '@seqrec/models';
import type { Override } from '../../arguments.ts';
import { resolveRun } from '../../config/load-recipe.ts';
import type { RunConfig } from '../../config/run-config.ts';
import { UsageError } from '../../errors.ts';
import { rankingRules } from '../../run/evaluation/protocol.ts';
import { firstDifference } from '../../run/open/resume.ts';
import { suggestion } from '../../suggest.ts';
import { changedRemarks } from './changed.ts';
import type { ReproduceRequest } from './request.ts';
import type { PaperTable, TableRow } from './table.ts';

/** A row that is to be run, and its configuration. */
export interface PlannedRow {
  readonly row: TableRow;
  readonly config: RunConfig;
  /** As the table has it, without size and command line. */
  readonly published: RunConfig;
}

/** So many epochs, as a change of a configuration. */
export const epochsOf = (epochs: number): Override => ({ key: 'training.epochs', text: String(epochs) });

/**
 * The rows that are asked for, and what to say of how they are run.
 *
 * @throws UsageError for a row or a size that the table does not have, and for rows that cannot stand in one table.
 */
export async function planRows(
  table: PaperTable,
  request: ReproduceRequest,
): Promise<{
  readonly rows: readonly PlannedRow[];
  readonly remarks: readonly string[];
  /** Of the size and the command line: what is changed in every row. */
  readonly changed: readonly Override[];
}> {
  const size = sizeOf(table, request.size);
  const names = table.rows.map((row) => row.name);
  for (const name of request.rows ?? [])
    if (!names.includes(name))
      throw new UsageError(`--rows: expected rows of ${request.table}; got "${name}"`, suggestion(name, names));
  const chosen = table.rows.filter((row) => request.rows?.includes(row.name) ?? true);
  for (const { name, from } of chosen)
    if (from !== undefined && chosen.every((row) => row.name !== from.row))
      throw new UsageError(`--rows: expected "${from.row}" beside "${name}", which is of its run; got it alone`);
  if (request.epochs !== undefined && chosen.every((row) => row.measure !== undefined))
    throw new UsageError(`--epochs: expected a table that trains; nothing is trained for ${request.table}`);
  const rows: PlannedRow[] = [];
  const trained: { epochs: number; published: number }[] = [];
  for (const row of chosen) {
    if (row.from?.baseline !== undefined) baselineOf(row.from.baseline);
    const { config: own } = await resolveRun({ recipe: row.recipe, overrides: row.changes ?? [] });
    const epochs = request.epochs === undefined ? [] : [epochsOf(request.epochs)];
    const overrides = [...(row.changes ?? []), ...size.overrides, ...epochs, ...request.overrides];
    const { config } = await resolveRun({ recipe: row.recipe, overrides });
    trained.push({ epochs: config.training.epochs, published: own.training.epochs });
    rows.push({ row, config, published: own });
  }
  if (table.ownSplits !== true) checkOneData(rows);
  checkVectors(table, rows);
  const remarks = [
    ...(size.name === undefined ? [] : [`Size: ${size.name}.`]),
    ...fewerEpochs(trained),
    ...otherRules(rows),
    ...changedRemarks(request.overrides),
  ];
  return { rows, remarks, changed: [...size.overrides, ...request.overrides] };
}

/** What to say of rows that are trained for fewer epochs than those that the table or its recipe has for them. */
export function fewerEpochs(rows: readonly { readonly epochs: number; readonly published: number }[]): string[] {
  const fewer = rows.filter(({ epochs, published }) => epochs < published);
  const said = new Set(fewer.map(({ epochs, published }) => `${epochs} of ${published}`));
  return said.size === 0 ? [] : [`${[...said].join(', ')} epochs: not the published experiment.`];
}

/** What to say of rows whose evaluations rank by different rules: they are not compared by the model alone. */
function otherRules(rows: readonly PlannedRow[]): string[] {
  const rules = ({ config }: PlannedRow) => Object.fromEntries(rankingRules(config.evaluation as never));
  const [first] = rows;
  return rows.flatMap((row) => {
    const difference = firstDifference(rules(first), rules(row), 'evaluation');
    if (difference === undefined) return [];
    const { key, before, after } = difference;
    return [`Judged by other rules: ${first.row.name} by ${key} ${before}, ${row.row.name} by ${after}.`];
  });
}

function sizeOf(
  { sizes = {}, defaultSize }: PaperTable,
  name: string | undefined,
): { readonly name?: string; readonly overrides: readonly Override[] } {
  const chosen = name ?? defaultSize;
  if (chosen === undefined) return { overrides: [] };
  if (!Object.hasOwn(sizes, chosen)) {
    const known = Object.keys(sizes);
    const expected = known.length === 0 ? 'no size (this table has one only)' : `one of ${known.join(', ')}`;
    throw new UsageError(`--size: expected ${expected}; got "${chosen}"`);
  }
  return { name: chosen, overrides: sizes[chosen] };
}

/** Figures of cold items and of the future read vectors of histories and items. */
function checkVectors(table: PaperTable, rows: readonly PlannedRow[]): void {
  const key = table.coldItems ? 'coldItems' : table.future ? 'future' : undefined;
  const row = rows.find(({ config }) => config.task.kind === 'generation');
  if (key === undefined || row === undefined) return;
  throw new UsageError(
    `table: ${key}: expected rows of retrieval, whose models have vectors; got "${row.row.name}" of generation`,
  );
}

/** Rows are compared, and the data are prepared once. */
function checkOneData(rows: readonly PlannedRow[]): void {
  const [first] = rows;
  const other = rows.find(({ config }) => JSON.stringify(config.data) !== JSON.stringify(first.config.data));
  if (other === undefined) return;
  throw new UsageError(`table: expected rows on the same data; "${first.row.name}" and "${other.row.name}" differ`);
}
