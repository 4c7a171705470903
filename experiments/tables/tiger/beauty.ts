import { defineTable } from '../../src/studies/reproduce/table.ts';

const recipe = 'amazon-beauty/sid-decoder';
const ids = (value: object) => [{ key: 'task.ids', text: JSON.stringify(value) }];
const figures = (r5: number, n5: number, r10: number, n10: number) => ({
  ...{ 'HR@5': r5, 'NDCG@5': n5, 'HR@10': r10, 'NDCG@10': n10 },
});
const published = (name: string, ...of: [number, number, number, number]) => ({
  ...{ name, kind: 'published' as const, figures: figures(...of) },
});

export const table = defineTable({
  title: 'Amazon Beauty by semantic ids: what the codes are of, and what stands beside',
  source: 'Rajput et al. 2023 (TIGER, arXiv:2305.05065), table 1, and public implementations of it',
  notes: [
    'The last event of every user tests, the one before validates; all 12,101 items are ranked but those of the history; events of one day are in random order.',
    'A decoder-only Transformer writes the codes; the published rows are of an encoder and a decoder. A target that 20 beams do not find is a miss.',
    'Published rows are of preparations of their own: in which order they had the events of one day is mostly not recorded.',
    'Codes of SPPMI and of LETTER know who takes what after what, so that they know nothing of items without a training event.',
  ],
  metrics: ['HR@5', 'NDCG@5', 'HR@10', 'NDCG@10'],
  references: [
    published('TIGER, paper', 0.0454, 0.0321, 0.0648, 0.0384),
    published('TIGER, cornac with RQ-VAE (paischer)', 0.0419, 0.027, 0.0634, 0.0338),
    published('TIGER, cornac with RQ-k-means (paischer)', 0.0404, 0.0259, 0.0641, 0.0335),
    published('TIGER, cornac with RQ-k-means (grid)', 0.034, 0.0216, 0.0564, 0.0288),
    published('TIGER, cornac by default', 0.0217, 0.0132, 0.0386, 0.0186),
    published('TIGER, genrec', 0.0465, 0.0297, 0.0721, 0.0378),
    published('SASRec, cornac', 0.0508, 0.0348, 0.074, 0.0423),
    { name: 'item-kNN', kind: 'measured', figures: figures(0.0525, 0.0369, 0.0727, 0.0435) },
  ],
  rows: [
    { name: 'LSA', recipe, paper: {} },
    { name: 'random codes', recipe, changes: ids({ tokenizer: { kind: 'random' } }), paper: {} },
    { name: 'SPPMI', recipe, changes: ids({ vectors: [{ kind: 'behaviour' }] }), paper: {} },
    {
      name: 'LSA beside SPPMI',
      recipe,
      changes: ids({ vectors: [{ kind: 'lsa' }, { kind: 'behaviour' }] }),
      paper: {},
    },
    {
      name: 'MiniLM',
      recipe,
      changes: ids({ vectors: [{ kind: 'file', path: 'amazon2014-beauty/text-minilm.npy' }] }),
      paper: {},
    },
    {
      name: 'LETTER',
      recipe,
      changes: ids({ tokenizer: { kind: 'file', path: 'amazon2014-beauty/semantic_ids_letter.tsv' } }),
      paper: {},
    },
    {
      name: 'SASRec, full softmax',
      recipe: 'amazon-beauty/sasrec',
      changes: [
        { key: 'data.split', text: 'leave-last-out' },
        { key: 'objective.kind', text: 'full-softmax' },
        { key: 'evaluation.ks', text: '[5, 10, 20]' },
        { key: 'training.epochs', text: '40' },
        { key: 'training.patience', text: '3' },
      ],
      paper: {},
    },
  ],
  claims: [{ better: 'LSA', worse: 'random codes', metrics: ['HR@10', 'NDCG@10'] }],
});
