import { listAttentionBench, listAttentionMemory } from '../measure/bench/attention.ts';
import { listCatalogueBench } from '../measure/bench/catalogue.ts';
import { listGenerateBench } from '../measure/bench/codes/generate.ts';
import { listCsvBench } from '../measure/bench/csv.ts';
import { listEpochBench } from '../measure/bench/epoch.ts';
import { listEvaluateBench } from '../measure/bench/evaluate.ts';
import { listGemmBench } from '../measure/bench/gemm.ts';
import { listGpuBench, listGpuMemory } from '../measure/bench/gpu.ts';
import { listMemoryBench } from '../measure/bench/memory.ts';
import { listServeBench } from '../measure/bench/serve-listing.ts';
import { listServeLoadBench } from '../measure/bench/serve-load.ts';
import { listServeUsersBench } from '../measure/bench/serve-users.ts';
import { listSoftmaxBench } from '../measure/bench/softmax.ts';
import { listStepBench } from '../measure/bench/step.ts';
import { listStockBench } from '../measure/bench/stock.ts';
import { listTablesBench } from '../measure/bench/tables-listing.ts';
import { listThreadsBench } from '../measure/bench/threads.ts';
import { listLiveBench } from '../measure/live/live-listing.ts';
import { listExchangeBench } from '../measure/ranks/exchange.ts';
import { listRanksBench } from '../measure/ranks/steps.ts';
import { listBenchmark } from '../studies/benchmark/listing.ts';
import type { BenchmarkResult } from '../studies/benchmark/result.ts';
import { listPlan } from '../studies/plan/plan-listing.ts';
import { listReproduction } from '../studies/reproduce/listing.ts';
import type { Listing } from '../terminal/listing.ts';

/** How results of one kind are shown. */
export interface Kind {
  readonly title: string;
  /** What is measured, and against what. */
  readonly about: string;
  list(result: unknown): Listing;
}

// A result is read as the command that wrote it left it; the kind says which.
function kind<T>(title: string, about: string, list: (result: T) => Listing): Kind {
  return { title, about, list: (result) => list(result as T) };
}

const isListing = (result: object): result is Listing => Array.isArray(result);

/** In the order of `docs/figures.md`. */
export const KINDS: Readonly<Record<string, Kind>> = {
  'bench step': kind(
    'A training step',
    'The same batch for all contestants, in turn. `research` is PyTorch in the shape of the public code, `best` the best eager PyTorch that we could write, `compile` the first under `torch.compile`; all with denormals flushed.',
    listStepBench,
  ),
  'bench epoch': kind(
    'A training epoch',
    'Batching, forward, backward and optimiser of every step; no evaluation.',
    listEpochBench,
  ),
  'bench threads': kind('Threads', 'The same step on one thread, two and so on, in turn.', listThreadsBench),
  'bench attention': kind(
    'Attention',
    'Fused jagged attention forward and backward, against our own matrix product.',
    listAttentionBench,
  ),
  'bench attention --memory': kind(
    'Memory of attention',
    'Peak of the heap as the sequence grows.',
    listAttentionMemory,
  ),
  'bench gemm': kind('Matrix products', 'Products in the shapes of training, in turn with OpenBLAS.', listGemmBench),
  'bench softmax': kind(
    'Full softmax',
    'Cross-entropy over all items and its gradients, in turn with PyTorch.',
    listSoftmaxBench,
  ),
  'bench evaluate': kind(
    'Evaluation',
    'Exact ranks among all items, and a whole evaluation of a recipe.',
    listEvaluateBench,
  ),
  'bench catalogue': kind(
    'Big catalogues',
    'A step of HSTU by the number of items, with dense and with row-wise AdamW on the item table.',
    listCatalogueBench,
  ),
  'bench csv': kind(
    'Reading events',
    'The same events by each reader, in turn, each in a process of its own.',
    listCsvBench,
  ),
  'bench stock': kind(
    'Models of TensorFlow.js',
    'Stock tfjs-layers models on `simd` and on the backends of TensorFlow.js, in turn.',
    listStockBench,
  ),
  'bench memory': kind('Memory over many steps', 'Tensors and heap after every step.', listMemoryBench),
  'bench gpu': kind(
    'Programs of a GPU',
    'Each program on the device against our own product and copy there.',
    listGpuBench,
  ),
  'bench gpu --memory': kind('Device memory', 'One long sequence, forward and backward.', listGpuMemory),
  'bench serve': kind(
    'Serving',
    'What a user costs by length of history: a full pass, an event that is appended to kept keys and values, and the scores of candidates.',
    listServeBench,
  ),
  'bench serve --users': kind(
    'Serving many users',
    'Appends a second on one thread, and the memory of their keys and values.',
    listServeUsersBench,
  ),
  'bench serve --load': kind(
    'Serving under load',
    'Requests by Poisson of users by Zipf, by the size of the store.',
    listServeLoadBench,
  ),
  'bench serve --run': kind(
    'A service and its client',
    'Two processes: the largest rate, minutes at 80 % of it with kill -9 between, answers compared with full passes.',
    listLiveBench,
  ),
  'bench generate': kind(
    'Decoding',
    'Users a second of constrained beams over codes, in turn with the same model in PyTorch.',
    listGenerateBench,
  ),
  plan: kind(
    'Plans of distributed training',
    'Predictions of a model, not measurements: ids of real batches are counted, times follow from them.',
    listPlan,
  ),
  'bench exchange': kind(
    'Exchanges among ranks',
    'All sizes in turn; times of rank 0, the other ranks included.',
    listExchangeBench,
  ),
  'bench ranks': kind(
    'A step by ranks',
    'The same batch by one process and by ranks, in turn; every round starts the backend anew.',
    listRanksBench,
  ),
  'bench tables': kind(
    'Tables beyond memory',
    'A table in a file with a cache of its rows against one in memory, in turn: rows that are read and updated, and a training step of DCN-V2.',
    listTablesBench,
  ),
  scale: kind('Studies of scale', 'Tables and conclusions of `seqrec scale`.', (listing: Listing) => listing),
  reproduce: kind('Reproduced tables', 'Published figures and ours over seeds.', listReproduction),
  benchmark: kind(
    'Benchmarks',
    'Grids of protocols, data, models and losses over seeds, with what stands beyond noise.',
    // As they were printed, from before results could be included in others.
    (result: BenchmarkResult | Listing) => (isListing(result) ? result : listBenchmark(result)),
  ),
  'reproduce replay': kind(
    'Replays by time',
    'A model that is trained on and on, and consumers that serve with what they are sent of it.',
    (listing: Listing) => listing,
  ),
  recorded: kind(
    'Recorded tables',
    'Printed by the command before commands could save; kept as they were.',
    (listing: Listing) => listing,
  ),
};
