import { createHash } from 'node:crypto';
import { type Interactions, type ItemVectors, readItemVectors } from '@seqrec/data';
import type { RecipeConfig } from '../../config/schema.ts';
import type { DataSummary, ItemVectorsSummary } from '../../data/data-summary.ts';
import { ConfigError, RunError } from '../../errors.ts';
import { formatCount } from '../../terminal/format.ts';
import { readJson } from '../folder/atomic.ts';
import type { RunDir } from '../folder/run-dir.ts';

/** Vectors that a recipe starts from, and what a run folder says of them. */
export interface RecipeVectors {
  readonly vectors: ItemVectors;
  readonly summary: ItemVectorsSummary;
}

/**
 * Reads the file that `itemVectors` of a recipe names; nothing without it.
 *
 * @throws DataError naming file and line. @throws ConfigError when their width is not that of the model's item table.
 */
export async function recipeVectors(
  { itemVectors, model }: Pick<RecipeConfig, 'itemVectors' | 'model'>,
  { items }: Interactions,
): Promise<RecipeVectors | undefined> {
  if (itemVectors === undefined) return undefined;
  const { path } = itemVectors;
  const missing = itemVectors.missing === 'random' ? 'allow' : 'error';
  const vectors = await readItemVectors(path, { items, missing });
  const { width } = vectors;
  const [key, own] =
    model.kind === 'pinnerformer'
      ? ['itemDim', model.itemDim ?? model.embeddingDim]
      : ['embeddingDim', model.embeddingDim];
  if (own !== width)
    throw new ConfigError(
      `itemVectors.path: expected vectors of ${own} numbers, the width of the model's item table; got ${width} in ${path}`,
      `set --model.${key} ${width}`,
    );
  const digest = createHash('sha256').update(`${width}`).update(vectors.items).update(vectors.values).digest('hex');
  const { missing: without, unknown } = vectors;
  return { vectors, summary: { path, digest, width, items: vectors.items.length, missing: without, unknown } };
}

/** The vectors of a run that has begun. @throws RunError when the file has others now. */
export function sameVectors(run: RunDir, now: RecipeVectors | undefined): ItemVectorsSummary | undefined {
  const { itemVectors: saved } = readJson(run.data) as DataSummary;
  if (saved === undefined || now === undefined || saved.digest === now.summary.digest) return saved;
  throw new RunError(
    `run ${run.id}: item vectors: expected those of ${saved.path} when the run began, ${saved.digest.slice(0, 12)}; got others, ${now.summary.digest.slice(0, 12)}`,
  );
}

/** One line for people. */
export function describeVectors({ path, width, items, missing, unknown }: ItemVectorsSummary): string {
  const rest = [
    ...(missing === 0 ? [] : [`${formatCount(missing)} items have none and start at random`]),
    ...(unknown === 0 ? [] : [`${formatCount(unknown)} are of items that the data do not have`]),
  ];
  return [`item vectors of ${path}: ${formatCount(items)} of width ${width}`, ...rest].join('; ');
}
