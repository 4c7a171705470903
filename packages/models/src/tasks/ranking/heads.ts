import { ConfigError } from '../../errors.ts';
import type { TaskMetric } from '../task.ts';
import type { LabelConfig, LabelLossName, RankingConfig } from './config.ts';

/** What the labels of a head are, and by which metrics it is judged: clicks, numbers, or the order within groups. */
export type Judged = 'binary' | 'squared' | 'order';

/** A head: a logit of the model, with its label and how it learns it. */
export interface Head {
  readonly name: string;
  readonly column: string;
  readonly loss: LabelLossName;
  readonly weight: number;
  /** Place of the parent among the heads, which comes before this one. */
  readonly parent?: number;
  readonly condition: 'product' | 'masked';
  readonly delta: number;
  readonly negatives: 'unwatched' | 'every-row';
  readonly teacher?: { readonly column: string; readonly share: number };
  readonly served: boolean;
}

export const judgedAs: Readonly<Record<LabelLossName, Judged>> = {
  binary: 'binary',
  'soft-binary': 'squared',
  'sigmoid-squared': 'squared',
  squared: 'squared',
  huber: 'squared',
  'log-mse': 'squared',
  'log-huber': 'squared',
  'weighted-logistic': 'squared',
  pairwise: 'order',
  listwise: 'order',
};

const metric = (name: string, better: TaskMetric['better'] = 'larger'): TaskMetric => ({ name, better });

/** Metrics by what a head is judged as, the one that chooses checkpoints by default first. */
export const headMetrics: Readonly<Record<Judged, readonly TaskMetric[]>> = {
  binary: [
    metric('AUC'),
    metric('GAUC'),
    metric('logloss', 'smaller'),
    metric('NE', 'smaller'),
    metric('ECE', 'smaller'),
    metric('accuracy'),
  ],
  squared: [
    metric('RMSE', 'smaller'),
    metric('MSE', 'smaller'),
    metric('MAE', 'smaller'),
    metric('RAUC'),
    metric('XAUC'),
  ],
  order: [metric('NDCG@10'), metric('GAUC'), metric('AUC'), metric('RAUC'), metric('XAUC')],
};

/** Whether rows are compared with each other. */
export const isOfGroups = ({ loss }: Pick<Head, 'loss'>): boolean => judgedAs[loss] === 'order';

/**
 * The heads of a configuration.
 *
 * @param columns of the labels in the order of the logits, for a configuration that names none.
 * @throws ConfigError for settings that do not go together.
 */
export function headsOf(
  { labels = [], loss = 'binary', lossWeights }: Partial<Pick<RankingConfig, 'labels' | 'loss' | 'lossWeights'>>,
  columns: readonly string[],
): Head[] {
  if (lossWeights !== undefined && lossWeights.length !== columns.length) {
    throw new ConfigError(
      `task: lossWeights: expected one for each of the ${columns.length} labels (${columns.join(', ')}); got ${lossWeights.length}`,
      'lossWeights',
    );
  }
  const given = columns.map((column, l): LabelConfig => {
    const own = labels[l];
    return typeof own === 'object' ? own : { column };
  });
  const names = given.map(({ name, column }) => name ?? column);
  const weighed = given.findIndex(({ weight }) => weight !== undefined);
  if (lossWeights !== undefined && weighed >= 0) {
    throw new ConfigError(
      `task: lossWeights: expected weights in one place; got ${lossWeights.join(', ')}, and a weight of ${names[weighed]}; give each label its weight, or leave those out`,
      'lossWeights',
    );
  }
  const heads = given.map((own, l): Head => {
    const twice = names.indexOf(names[l]) !== l;
    if (twice) throw refused(names[l], `a name that no other label has; got it twice`, 'give one of them a name');
    const parent = own.parent === undefined ? undefined : names.slice(0, l).indexOf(own.parent);
    if (parent === -1) {
      throw refused(
        names[l],
        `parent: expected a label before it (${names.slice(0, l).join(', ') || 'there is none'}); got ${own.parent}`,
      );
    }
    const head: Head = {
      name: names[l],
      column: own.column,
      loss: own.loss ?? loss,
      weight: own.weight ?? lossWeights?.[l] ?? 1,
      ...(parent !== undefined && { parent }),
      condition: own.condition ?? (judgedAs[own.loss ?? loss] === 'binary' ? 'product' : 'masked'),
      delta: own.delta ?? 1,
      negatives: own.negatives ?? 'unwatched',
      ...(own.teacher && { teacher: own.teacher }),
      served: own.served ?? true,
    };
    checkKeys(own, head);
    return head;
  });
  for (const { name, loss: own, parent, condition } of heads) {
    if (parent === undefined) continue;
    if (heads[parent].loss !== 'binary')
      throw refused(
        name,
        `parent: expected a label of the loss binary; got ${heads[parent].name}, ${heads[parent].loss}`,
      );
    if (condition === 'product' && own !== 'binary')
      throw refused(name, `condition: expected masked for the loss ${own}; got product, which is of probabilities`);
    if (judgedAs[own] === 'order') throw refused(name, `no parent with the loss ${own}; got ${heads[parent].name}`);
  }
  if (!heads[0].served) throw refused(heads[0].name, 'the first label to be served; got served: false');
  return heads;
}

/** The heads above one, the nearest first. */
export function parentsOf(heads: readonly Head[], { parent }: Pick<Head, 'parent'>): Head[] {
  return parent === undefined ? [] : [heads[parent], ...parentsOf(heads, heads[parent])];
}

/** Settings that a loss does not have. */
function checkKeys(own: LabelConfig, { name, loss, parent }: Head): void {
  const huber = loss === 'huber' || loss === 'log-huber';
  if (own.delta !== undefined && !huber) throw refused(name, `delta: expected it with huber or log-huber; got ${loss}`);
  if (own.negatives !== undefined && loss !== 'weighted-logistic')
    throw refused(name, `negatives: expected it with weighted-logistic; got ${loss}`);
  if (own.condition !== undefined && parent === undefined)
    throw refused(name, `condition: expected it with a parent; got none`);
  if (own.teacher !== undefined && loss !== 'binary')
    throw refused(name, `teacher: expected it with the loss binary; got ${loss}`);
  if (own.teacher !== undefined && parent !== undefined)
    throw refused(name, `teacher: expected it with a label without a parent; got ${own.parent}`);
}

function refused(name: string, message: string, hint?: string): ConfigError {
  const expected = /^\w+: expected/.test(message) ? message : `expected ${message}`;
  return new ConfigError(`task: labels: ${name}: ${expected}${hint === undefined ? '' : `; ${hint}`}`, 'labels');
}
