import { totalmem } from 'node:os';
import { type LabelsConfig, modelWidths, parseObjectiveConfig, weightShapes } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { ConfigError } from '../../errors.ts';
import { formatBytes } from '../../terminal/format.ts';
import { backendHeap } from '../process/heap.ts';
import { runModel } from './run-model.ts';

/** A part of what a step needs, and what makes it smaller. */
export interface MemoryPart {
  readonly what: string;
  readonly bytes: number;
  readonly lower: string;
}

/**
 * Refuses a run that cannot fit: its weights, moments, gradients and one batch, counted from below, so
 * that nothing is refused that would have fitted. The heap of `simd` ends at its maximum, other backends
 * at the memory of the machine.
 *
 * @throws ConfigError naming the parts in bytes, and what to lower.
 */
export function checkMemory(config: RecipeConfig, data: PreparedData): void {
  refuseTooLarge(memoryParts(config, data));
}

/** @throws ConfigError naming the parts in bytes, and what to lower, when their sum does not fit. */
export function refuseTooLarge(all: readonly MemoryPart[]): void {
  const heap = backendHeap();
  const [limit, whose] =
    heap === undefined ? [totalmem(), 'the memory of this machine'] : [heap.maximumBytes, 'the heap of simd'];
  const parts = [...all].sort((a, b) => b.bytes - a.bytes);
  const needed = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  if (needed <= limit) return;
  const list = parts.map(({ what, bytes }) => `${what} ${formatBytes(bytes)}`).join(', ');
  throw new ConfigError(
    `memory: expected a run that fits into ${formatBytes(limit)}, ${whose}; this one needs at least ${formatBytes(needed)}: ${list}`,
    `lower ${parts[0].lower}`,
  );
}

/** What a step needs, counted from below. */
export function memoryParts(
  { model, objective, optimizer, training, windows }: RecipeConfig,
  data: PreparedData,
): MemoryPart[] {
  const { split, generation } = data;
  const made = runModel({ model, seed: 0 }, data);
  const shapes = weightShapes(made.config, made.options);
  const bytesOf = (shape: readonly number[]): number => 4 * shape.reduce((product, axis) => product * axis, 1);
  const table = bytesOf(shapes.get('_embedding_module._item_emb.weight') ?? [0]);
  const weights = [...shapes.values()].reduce((sum, shape) => sum + bytesOf(shape), 0);
  // Row-wise moments lie outside the heap, and a table that is large enough for that is trained so.
  const dense = optimizer.embeddings === 'dense' ? weights : weights - table;
  const { sequences, tokens: events } = batchOf(training.batchSize, split, {
    window: model.maxSequenceLength,
    isCut: 'cuts' in made.config && made.config.cuts === 'random',
  });
  const tokens = events * (generation?.codes.sizes.length ?? 1);
  const read = windows?.policy === 'stochastic-length' ? sequences : tokens;
  const { token: ofToken, vector: ofItem } = modelWidths(model);
  const parts = [
    { what: 'weights', bytes: weights, lower: 'model.embeddingDim and the other widths, or use data with fewer items' },
    { what: 'moments and gradients', bytes: 3 * dense, lower: 'model.embeddingDim and the other widths' },
    {
      what: `a batch of about ${Math.round(read)} tokens`,
      bytes: 4 * read * ofToken,
      lower: 'training.batchSize or model.maxSequenceLength',
    },
  ];
  const parsed = parseObjectiveConfig(objective);
  if (
    parsed.kind === undefined ||
    parsed.kind === 'sampled-softmax' ||
    parsed.kind === 'bce' ||
    parsed.kind === 'gbce'
  ) {
    const rows = labelsOf(parsed.labels, { read, sequences });
    parts.push({
      what: `${parsed.numNegatives} negatives of each label`,
      // An id and a score each.
      bytes: 8 * rows * parsed.numNegatives,
      lower: 'objective.numNegatives or training.batchSize',
    });
  }
  if (parsed.kind === 'sce' && parsed.buckets !== undefined) {
    const pairs = Math.min(labelsOf(parsed.labels, { read, sequences }), parsed.bucketPairs ?? 0);
    const items = Math.min(split.train.interactions.numItems, parsed.bucketItems);
    parts.push({
      what: `${parsed.buckets} buckets of pairs and items`,
      bytes: 4 * parsed.buckets * (pairs + items) * ofItem,
      lower: 'objective.buckets or objective.bucketItems',
    });
  }
  if (parsed.kind === 'pool-softmax' && parsed.negatives.kind !== 'in-batch')
    parts.push({
      what: `a pool of ${parsed.negatives.random} negatives`,
      bytes: 4 * parsed.negatives.random * ofItem,
      lower: 'objective.negatives.random',
    });
  return parts;
}

/** Labels of an average batch, at least. */
function labelsOf(labels: LabelsConfig, { read, sequences }: { readonly read: number; readonly sequences: number }) {
  if (labels.kind === 'masked') return labels.probability * read * (1 - labels.lastOnly);
  return labels.kind === 'next-item' ? read : sequences;
}

interface Read {
  /** Events of a history that are read, at most. */
  readonly window: number;
  /** Whether what is read of a history ends at an event that is drawn anew each time. */
  readonly isCut: boolean;
}

/** Sequences and tokens of an average batch: some batch has at least as many. */
function batchOf(batchSize: number, { train }: PreparedData['split'], { window, isCut }: Read) {
  const examples = train.targets.length;
  let events = 0;
  for (let e = 0; e < examples; e++) {
    const length = Math.min(window, train.targets[e] - train.starts[e]);
    events += isCut && length > 0 ? (length + 1) / 2 : length;
  }
  const sequences = Math.min(batchSize, examples);
  return { sequences, tokens: examples === 0 ? 0 : (events / examples) * sequences };
}
