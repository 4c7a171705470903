import { defineTable } from '../../src/studies/reproduce/table.ts';
import { CODE_METRICS, CODE_NOTES, reference, TIGER_SOURCE, withIds } from '../../src/studies/reproduce/tiger-table.ts';

const recipe = 'amazon-sports/sid-decoder';

export const table = defineTable({
  title: 'Amazon Sports by semantic ids',
  source: TIGER_SOURCE,
  notes: [...CODE_NOTES, 'The data at hand have attributes of items and no titles: LSA is of these.'],
  metrics: CODE_METRICS,
  references: [
    reference('TIGER, paper', [0.0264, 0.0181, 0.04, 0.0225]),
    reference('TIGER, GRID', [0.0236]),
    reference('TIGER, cornac with RQ-VAE (paischer)', [0.023, 0.0149, 0.0373, 0.0195]),
    reference('TIGER, cornac with RQ-k-means (paischer)', [0.024, 0.0155, 0.0394, 0.0204]),
    reference('TIGER, cornac with RQ-k-means (grid)', [0.0188, 0.0117, 0.0329, 0.0162]),
    reference('TIGER, genrec', [0.0266, 0.0176, 0.0414, 0.0224]),
    reference('item-kNN', [0.0286, 0.0202, 0.0398, 0.0237], 'measured'),
  ],
  rows: [
    { name: 'LSA', recipe, paper: {} },
    { name: 'random codes', recipe, changes: withIds({ tokenizer: { kind: 'random' } }), paper: {} },
  ],
  claims: [{ better: 'LSA', worse: 'random codes', metrics: ['HR@10', 'NDCG@10'] }],
});
