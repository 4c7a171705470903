import { OutOfMemoryError, RowwiseAdamW } from '@seqrec/core';
import { SimdBackend } from '@seqrec/core/simd';
import { latestWindow, leaveLastOut, zipfWorld } from '@seqrec/data';
import { createModel, createTrainer, type StepInfo, type TokenEncoder, type Trainer } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { formatBytes, formatCount, formatDuration } from '../../terminal/format.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { backendLine } from '../backend-facts.ts';
import { median } from './statistics.ts';

export const EMBEDDINGS = ['dense', 'rowwise'] as const;
export type Embeddings = (typeof EMBEDDINGS)[number];

/** The training step that is measured; only the catalogue changes. */
export const CATALOGUE_STEP = { embeddingDim: 64, length: 50, batchSize: 32, numNegatives: 128, learningRate: 1e-3 };

export interface CatalogueRow {
  readonly items: number;
  readonly embeddings: Embeddings;
  /** Why it was not measured. */
  readonly skipped?: string;
  /** Rows of the item table that a step updates, mean. */
  readonly rowsPerStep: number;
  /** Of the initial weights. */
  readonly initSeconds: number;
  readonly seconds: readonly number[];
  /** Mean loss of the first and the last ten steps. */
  readonly loss: readonly [number, number];
  /** Largest heap of the simd backend since the model was made. */
  readonly peakHeap?: number;
  /** Largest resident set of the process so far. */
  readonly peakResident: number;
}

export interface CatalogueBench {
  readonly backend: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly tokens: number;
  readonly rows: readonly CatalogueRow[];
}

/**
 * Times one training step of HSTU against the size of the catalogue, with dense and row-wise AdamW on the item table.
 */
export async function benchCatalogue(request: {
  readonly backend: BackendOptions;
  readonly items: readonly number[];
  readonly steps: number;
  readonly embeddings: readonly Embeddings[];
  readonly quiet: boolean;
}): Promise<CatalogueBench> {
  const choice = await startBackend(request.backend);
  const progress = new Progress({ quiet: request.quiet });
  const rows: CatalogueRow[] = [];
  progress.start();
  // Ascending, since memory that the process once had is not given back.
  for (const items of request.items.toSorted((a, b) => a - b)) {
    for (const embeddings of request.embeddings) rows.push(await measure(items, embeddings, request.steps, progress));
  }
  progress.clear();
  const tokens = CATALOGUE_STEP.batchSize * CATALOGUE_STEP.length;
  return { backend: choice.name, details: choice.details, tokens, rows };
}

async function measure(
  items: number,
  embeddings: Embeddings,
  steps: number,
  progress: Progress,
): Promise<CatalogueRow> {
  const { embeddingDim, length, batchSize, numNegatives, learningRate } = CATALOGUE_STEP;
  const backend = tf.backend();
  const heap = backend instanceof SimdBackend ? backend.heap : undefined;
  const nothing = {
    items,
    embeddings,
    rowsPerStep: 0,
    initSeconds: 0,
    seconds: [],
    loss: [0, 0] as const,
    peakResident: 0,
  };
  const needed = DENSE_COPIES * 4 * items * embeddingDim;
  if (embeddings === 'dense' && heap !== undefined && needed > heap.maximumBytes) {
    const skipped = `needs ${formatBytes(needed)} of at most ${formatBytes(heap.maximumBytes)}`;
    return { ...nothing, skipped };
  }
  const label = `${formatCount(items)} items, ${embeddings}`;
  progress.update({ label: `${label}: initial weights`, done: 0, total: steps, fields: [] });
  heap?.resetPeak();
  let model: TokenEncoder | undefined;
  let trainer: Trainer | undefined;
  try {
    const begin = performance.now();
    const shape = { embeddingDim, maxSequenceLength: length, numBlocks: 2, numHeads: 1, dqk: 64, dv: 64 } as const;
    model = createModel({ kind: 'hstu', ...shape }, { numItems: items, seed: 1 });
    const initSeconds = (performance.now() - begin) / 1000;
    const world = zipfWorld({ users: batchSize * 16, items, length: length + 2, seed: 1 });
    const examples = latestWindow(leaveLastOut(world).train, { maxLength: length });
    const options = { batchSize, learningRate, numNegatives, embeddings, seed: 1 };
    trainer = createTrainer({ model, examples, ...options });
    const seconds: number[] = [];
    const losses: number[] = [];
    const take = (infos: readonly StepInfo[]): void => {
      for (const { loss, seconds: took, globalStep } of infos) {
        losses.push(loss);
        if (globalStep >= WARM_UP) seconds.push(took);
        progress.update({ label, done: seconds.length, total: steps, fields: [`loss ${loss.toFixed(3)}`] });
      }
    };
    for (let step = 0; step < WARM_UP + steps; step++) take(await trainer.advance());
    take(await trainer.settle());
    const [table] = trainer.update.rows.values();
    const touched = table instanceof RowwiseAdamW ? table.state().steps.reduce((sum, n) => sum + n, 0) : undefined;
    const rowsPerStep = touched === undefined ? items + 1 : touched / (WARM_UP + steps);
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const loss = [mean(losses.slice(0, 10)), mean(losses.slice(-10))] as const;
    const peakResident = process.resourceUsage().maxRSS * 1024;
    return { items, embeddings, rowsPerStep, initSeconds, seconds, loss, peakHeap: heap?.peak, peakResident };
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
    return { ...nothing, skipped: error.message };
  } finally {
    trainer?.dispose();
    model?.dispose();
  }
}

/** Arrays as long as the table in a dense step: weights, both moments, normalised rows, and the gradients of both. */
const DENSE_COPIES = 6;
const WARM_UP = 3;

export function listCatalogueBench(bench: CatalogueBench): Listing {
  const { embeddingDim, batchSize, length, numNegatives } = CATALOGUE_STEP;
  const cells = bench.rows.map((row) => {
    const head = [formatCount(row.items), row.embeddings];
    if (row.skipped !== undefined) return [...head, '-', '-', '-', '-', '-', '-', row.skipped];
    return [
      ...head,
      formatCount(row.rowsPerStep),
      (median(row.seconds) * 1000).toFixed(1),
      (Math.min(...row.seconds) * 1000).toFixed(1),
      row.loss.map((loss) => loss.toFixed(3)).join(' -> '),
      row.peakHeap === undefined ? '-' : formatBytes(row.peakHeap),
      formatBytes(row.peakResident),
      formatDuration(row.initSeconds),
    ];
  });
  const titles = [
    'items',
    'item table',
    'rows a step',
    'median ms',
    'min ms',
    'loss',
    'peak heap',
    'peak resident',
    'initial weights',
  ];
  return [
    ...lines(
      `HSTU, D = ${embeddingDim}, 2 blocks, ${batchSize} sequences of ${length} events, ${numNegatives} negatives a token; ${backendLine(bench.backend, bench.details)}`,
    ),
    figures(titles, cells, { left: [1, 8] }),
  ];
}
