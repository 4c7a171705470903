import { defineTable } from '../../src/studies/reproduce/table.ts';
import { CODE_METRICS, CODE_NOTES, reference, TIGER_SOURCE, withIds } from '../../src/studies/reproduce/tiger-table.ts';

const recipe = 'amazon-beauty/sid-decoder';

export const table = defineTable({
  title: 'Amazon Beauty by semantic ids: what the codes are of, and what stands beside',
  source: TIGER_SOURCE,
  notes: [
    ...CODE_NOTES,
    'Codes of SPPMI and of LETTER know who takes what after what, so that they know nothing of items without a training event.',
    'The encoder-decoder learns from one cut of each history an epoch, the decoder-only from all: 40 epochs of it are 7 of all cuts.',
  ],
  metrics: CODE_METRICS,
  references: [
    reference('TIGER, paper', [0.0454, 0.0321, 0.0648, 0.0384]),
    reference('TIGER, GRID', [0.0422]),
    reference('TIGER, cornac with RQ-VAE (paischer)', [0.0419, 0.027, 0.0634, 0.0338]),
    reference('TIGER, cornac with RQ-k-means (paischer)', [0.0404, 0.0259, 0.0641, 0.0335]),
    reference('TIGER, cornac with RQ-k-means (grid)', [0.034, 0.0216, 0.0564, 0.0288]),
    reference('TIGER, cornac by default', [0.0217, 0.0132, 0.0386, 0.0186]),
    reference('TIGER, genrec', [0.0465, 0.0297, 0.0721, 0.0378]),
    reference('TIGER, OpenOneRec', [undefined, undefined, 0.0628]),
    reference('SASRec, cornac', [0.0508, 0.0348, 0.074, 0.0423]),
    reference('item-kNN', [0.0525, 0.0369, 0.0727, 0.0435], 'measured'),
  ],
  rows: [
    { name: 'LSA', recipe, paper: {} },
    { name: 'random codes', recipe, changes: withIds({ tokenizer: { kind: 'random' } }), paper: {} },
    { name: 'SPPMI', recipe, changes: withIds({ vectors: [{ kind: 'behaviour' }] }), paper: {} },
    {
      name: 'LSA beside SPPMI',
      recipe,
      changes: withIds({ vectors: [{ kind: 'lsa' }, { kind: 'behaviour' }] }),
      paper: {},
    },
    {
      name: 'MiniLM',
      recipe,
      changes: withIds({ vectors: [{ kind: 'file', path: 'amazon2014-beauty/text-minilm.npy' }] }),
      paper: {},
    },
    {
      name: 'LETTER',
      recipe,
      changes: withIds({ tokenizer: { kind: 'file', path: 'amazon2014-beauty/semantic_ids_letter.tsv' } }),
      paper: {},
    },
    {
      name: 'LSA, encoder-decoder (grid)',
      recipe: 'amazon-beauty/tiger-grid',
      changes: [
        { key: 'optimizer.learningRate', text: '1e-3' },
        { key: 'optimizer.schedule', text: '{"kind":"cosine","warmupSteps":300,"steps":3520}' },
        { key: 'training.epochs', text: '40' },
        { key: 'training.evaluateEvery', text: '10' },
      ],
      paper: {},
    },
    { name: 'LSA, then vectors (LIGER)', recipe: 'amazon-beauty/sid-hybrid', paper: {} },
    {
      name: 'LSA, vectors under a prefix (COBRA)',
      recipe: 'amazon-beauty/sid-hybrid',
      changes: [
        { key: 'task.dense.after', text: '1' },
        { key: 'task.dense.levels', text: '1' },
      ],
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
