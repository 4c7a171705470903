import { COLD_METRICS } from './cold-items.ts';
import { defineTable, type PaperTable } from './table.ts';

export interface FeatureTableOptions {
  readonly title: string;
  /** Folder of the recipes `sasrec` and `hstu`. */
  readonly dataset: string;
  /** Columns of items. */
  readonly features: readonly (string | { readonly column: string; readonly minCount: number })[];
  /** What is changed in every row, as on the command line: data, epochs. */
  readonly changes?: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

const encoders = { SASRec: 'sasrec', HSTU: 'hstu' } as const;

/** SASRec and HSTU with and without features of items, targets without a training event apart. */
export function featureTable({ title, dataset, features, changes = {}, notes }: FeatureTableOptions): PaperTable {
  const shared = Object.entries({ 'evaluation.baselines': '["popularity","item-knn"]', ...changes });
  const trained = { 'objective.negativeItems': 'trained' };
  const variants = {
    '': { 'objective.negativeItems': 'all' },
    ', trained negatives': trained,
    ' + features': { ...trained, 'model.features': JSON.stringify(features), 'model.idDropout': '0.2' },
  };
  const rows = Object.entries(encoders).flatMap(([name, recipe]) =>
    Object.entries(variants).map(([suffix, own]) => ({
      name: `${name}${suffix}`,
      recipe: `${dataset}/${recipe}`,
      changes: [...shared, ...Object.entries(own)].map(([key, text]) => ({ key, text })),
      paper: {},
    })),
  );
  const metrics = ['HR@10', 'NDCG@10', ...COLD_METRICS];
  return defineTable({
    title,
    source:
      'ours: no published table has this protocol; item vector = id + features as in SASRec-F and DropoutNet (Volkovs et al., NeurIPS 2017)',
    notes: [
      ...notes,
      `Features: ${features.map((feature) => (typeof feature === 'string' ? feature : feature.column)).join(', ')}; each is embedded and added to the id, in the history and in the vectors that are scored (model.itemFeatures both), ids dropped for a share of .2 of the items in each step (model.idDropout). Vocabularies and quantiles are those of the training part.`,
      'Negatives are drawn from all items, or from those with a training event alone (objective.negativeItems trained): then nothing pushes the vector of a cold item away, features or not. Cold targets are items without a training event; without features their vector is the random one that they began with.',
    ],
    metrics,
    rows,
    claims: Object.keys(encoders).flatMap((name) => [
      { better: `${name} + features`, worse: name, metrics: ['HR@10, cold', 'HR@10, warm'] },
      { better: `${name} + features`, worse: `${name}, trained negatives`, metrics: ['HR@10, cold among cold'] },
    ]),
    gains: Object.keys(encoders).map((name) => ({
      over: name,
      rows: [`${name}, trained negatives`, `${name} + features`],
      metrics: ['HR@10', 'NDCG@10', 'HR@10, warm', 'NDCG@10, warm'],
    })),
    coldItems: true,
  });
}
