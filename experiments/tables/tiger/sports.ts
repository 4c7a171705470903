import { defineTable } from '../../src/studies/reproduce/table.ts';

const recipe = 'amazon-sports/sid-decoder';
const figures = (r5: number, n5: number, r10: number, n10: number) => ({
  ...{ 'HR@5': r5, 'NDCG@5': n5, 'HR@10': r10, 'NDCG@10': n10 },
});
const published = (name: string, ...of: [number, number, number, number]) => ({
  ...{ name, kind: 'published' as const, figures: figures(...of) },
});

export const table = defineTable({
  title: 'Amazon Sports by semantic ids',
  source: 'Rajput et al. 2023 (TIGER, arXiv:2305.05065), table 1, and public implementations of it',
  notes: [
    'The last event of every user tests, the one before validates; all items are ranked but those of the history; events of one day are in random order.',
    'The data at hand have categories and brands of items and no titles: LSA is of these.',
    'A decoder-only Transformer writes the codes; the published rows are of an encoder and a decoder. A target that 20 beams do not find is a miss.',
  ],
  metrics: ['HR@5', 'NDCG@5', 'HR@10', 'NDCG@10'],
  references: [
    published('TIGER, paper', 0.0264, 0.0181, 0.04, 0.0225),
    published('TIGER, cornac with RQ-VAE (paischer)', 0.023, 0.0149, 0.0373, 0.0195),
    published('TIGER, cornac with RQ-k-means (paischer)', 0.024, 0.0155, 0.0394, 0.0204),
    published('TIGER, cornac with RQ-k-means (grid)', 0.0188, 0.0117, 0.0329, 0.0162),
    published('TIGER, genrec', 0.0266, 0.0176, 0.0414, 0.0224),
    { name: 'item-kNN', kind: 'measured', figures: figures(0.0286, 0.0202, 0.0398, 0.0237) },
  ],
  rows: [
    { name: 'LSA', recipe, paper: {} },
    {
      name: 'random codes',
      recipe,
      changes: [{ key: 'task.ids', text: JSON.stringify({ tokenizer: { kind: 'random' } }) }],
      paper: {},
    },
  ],
  claims: [{ better: 'LSA', worse: 'random codes', metrics: ['HR@10', 'NDCG@10'] }],
});
