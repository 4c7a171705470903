import { fileURLToPath } from 'node:url';
import { defineBenchmark, loadBenchmark } from '@seqrec/experiments';

const { models, losses, protocols, training, baselines, quick } = await loadBenchmark('losses-and-blocks');
const { SASRec, HSTU } = models;

/** The model and the objective of this package among those of a benchmark, under its protocol, on orders. */
export const benchmark = defineBenchmark({
  title: 'A decayed mean and BPR beside others, on the orders of 75 customers',
  source: 'this file',
  notes: ['The customers are made up: what beats what here says nothing.'],
  plugins: ['./src/plugin.ts'],
  data: {
    orders: {
      'data.format': 'own/orders',
      'data.path': fileURLToPath(new URL('orders.txt', import.meta.url)),
    },
  },
  // Of forty things a list of a hundred would be all.
  protocols: { time: { changes: { ...protocols.time.changes, 'evaluation.ks': '[5,10]' } } },
  training,
  models: {
    SASRec: { ...SASRec, on: {} },
    HSTU: { ...HSTU, on: {} },
    'Decayed mean': { recipe: './own.yaml' },
  },
  losses: {
    sampled: losses?.sampled ?? {},
    full: losses?.full ?? {},
    BPR: { 'objective.kind': 'own/bpr', 'objective.temperature': '0.1' },
  },
  metrics: ['HR@10', 'RBP'],
  baselines: [...baselines, 'own/fading-popularity'],
  quick,
});
