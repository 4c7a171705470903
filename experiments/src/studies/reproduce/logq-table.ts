import { COLD_METRICS } from './cold-items.ts';
import { defineTable, type FutureTable, type PaperTable } from './table.ts';

export interface LogQTableOptions {
  readonly title: string;
  readonly recipe: string;
  /** Negatives of a pool that the labels of the batch give, and that are drawn. */
  readonly inBatch: number;
  readonly random: number;
  readonly temperature: number;
  /** What is changed in every row, as on the command line. */
  readonly changes?: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly coldItems?: boolean;
  readonly future?: FutureTable;
}

/**
 * Rows by where negatives come from and by the form of logQ. The random ones are of the items with a training event,
 * as are those of a batch: then a cold item is a negative in no row.
 */
export function logQTable(options: LogQTableOptions): PaperTable {
  const { title, recipe, inBatch, random, temperature, changes = {}, notes, coldItems, future } = options;
  const pools = {
    'in-batch': { negatives: { kind: 'in-batch', inBatch } },
    uniform: { negatives: { kind: 'random', random }, negativeItems: 'trained' },
    mixed: { negatives: { kind: 'mixed', inBatch, random }, negativeItems: 'trained' },
  };
  const forms = {
    none: { logQ: 'none' },
    old: { logQ: 'exact', logQForm: 'negatives' },
    corrected: { logQ: 'exact', logQForm: 'corrected' },
  };
  const shared = Object.entries({ 'evaluation.baselines': '["popularity","item-knn"]', ...changes });
  const row = (pool: keyof typeof pools, form: keyof typeof forms) => {
    const objective = { kind: 'pool-softmax', temperature, ...pools[pool], ...forms[form] };
    const own = { objective: JSON.stringify(objective) };
    return {
      name: `${pool}, ${form}`,
      recipe,
      changes: [...shared, ...Object.entries(own)].map(([key, text]) => ({ key, text })),
      paper: {},
    };
  };
  const better = (name: string, worse: string) => ({ better: name, worse, metrics: ['HR@10', 'NDCG@10'] });
  return defineTable({
    title,
    source:
      'ours: the tables of "Correcting the LogQ Correction" (RecSys 2025, arXiv:2507.09331) are of other models and splits; expected is their order, and that of Yi et al. 2019: in-batch negatives without a correction are the worst',
    notes: [
      ...notes,
      `In-batch: ${inBatch} labels of the batch; uniform: ${random} draws from the items with a training event; mixed: both as one pool. Own labels of the user are masked. The temperature is ${temperature} everywhere.`,
      'none: no logQ; old: taken off the negatives alone (objective.logQForm negatives); corrected: with the label out of the proposal (objective.logQForm corrected). Uniform negatives need no correction.',
    ],
    metrics: [
      'HR@10',
      'NDCG@10',
      ...(coldItems ? COLD_METRICS.filter((name) => !name.startsWith('NDCG')) : []),
      ...(future ? ['P90Coverage@10'] : []),
    ],
    rows: [
      row('in-batch', 'none'),
      row('in-batch', 'old'),
      row('in-batch', 'corrected'),
      row('uniform', 'none'),
      row('mixed', 'none'),
      row('mixed', 'old'),
      row('mixed', 'corrected'),
    ],
    claims: [
      better('in-batch, old', 'in-batch, none'),
      better('in-batch, corrected', 'in-batch, none'),
      better('uniform, none', 'in-batch, none'),
      better('mixed, none', 'in-batch, none'),
      better('mixed, corrected', 'mixed, none'),
      better('mixed, corrected', 'mixed, old'),
      better('in-batch, corrected', 'in-batch, old'),
    ],
    ...(coldItems && { coldItems }),
    ...(future && { future }),
  });
}
