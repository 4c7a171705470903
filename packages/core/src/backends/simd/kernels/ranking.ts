import type { TensorInfo } from '@tensorflow/tfjs-core';
import { UnsupportedError } from '../../../errors.ts';
import { type CandidateAttrs, RankCounts, TopItems, type TopItemsAttrs } from '../../kernel-names.ts';
import type { Arguments } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, SCRATCH_BYTES } from '../kernels.ts';
import { override, sizeOf } from './support.ts';
import type { Inputs } from './types.ts';

/** Items that are packed and scored at a time, as in the assembly. */
const BLOCK = 64;
/** Bytes of packed queries that one task goes through again and again: they stay in the second-level cache. */
const QUERY_BYTES = 200 * 1024;
/** Enough for many threads to share evenly; fewer for lists, which every range of items fills anew. */
const TASKS = { ranks: 64, lists: 16 };
const QUERIES_PER_PREPARATION = 48;
/** Places in the lists of all item ranges together: bounds the memory of the lists. */
const LIST_PLACES = 1 << 22;
/** Items of a range for each place, at least: in fewer most of what comes is among the best so far. */
const LIST_ITEMS = 16;

interface Grid {
  readonly rows: number;
  readonly queryTasks: number;
  readonly itemsPerTask: number;
  readonly itemTasks: number;
}

/**
 * About `tasks` tasks over blocks of queries and ranges of items, at most `maxItemTasks` ranges: from the shapes alone.
 */
function gridOf([queries, width]: number[], items: number, tasks: number, maxItemTasks = tasks): Grid {
  const cached = Math.floor(QUERY_BYTES / (width * 24)) * 6;
  const rows = Math.max(48, Math.min(768, cached, Math.ceil(queries / 6) * 6));
  const queryTasks = Math.ceil(queries / rows);
  const wanted = Math.min(Math.ceil(tasks / queryTasks), Math.ceil(items / (8 * BLOCK)), maxItemTasks);
  const itemsPerTask = Math.ceil(items / Math.max(1, wanted) / BLOCK) * BLOCK;
  return { rows, queryTasks, itemsPerTask, itemTasks: Math.ceil(items / itemsPerTask) };
}

type Scan = Omit<Arguments<typeof KERNEL.rankCounts>, 'PER_TASK' | 'QUERY_TASKS' | 'ITEMS_PER_TASK' | 'OUT'>;

/** Packs queries, scores targets, sorts excluded ids; then `use` gets what a scan is given besides its tasks. */
function prepared(
  backend: SimdBackend,
  { queries, items, targets, excludedOffsets, excludedIds, last }: Inputs,
  firstItem: number,
  use: (common: Scan) => void,
): void {
  const [b, width] = queries.shape;
  const numItems = items.shape[0];
  if ((width + 64) * BLOCK * 4 + 65_536 > SCRATCH_BYTES)
    throw new UnsupportedError(`ranking: expected vectors of at most 20,000 numbers; got ${width}`);
  const padded = Math.ceil(b / 6) * 6;
  const bytes = [padded * width * 4, b * 4, sizeOf(excludedIds) * 4];
  backend.withTemporaries(bytes, 'packed queries and sorted ids', (packed, scores, ids) => {
    const offsets = backend.address(excludedOffsets);
    const goals = targets === undefined ? 0 : backend.address(targets);
    const shared = {
      ITEMS: backend.address(items),
      PACKED: packed,
      TARGETS: goals,
      TARGET_SCORES: scores,
      OFFSETS: offsets,
      ROWS: b,
      WIDTH: width,
    };
    backend.pool.run(KERNEL.prepareRanking, Math.ceil(b / QUERIES_PER_PREPARATION), {
      ...shared,
      QUERIES: backend.address(queries),
      IDS: backend.address(excludedIds),
      SORTED_IDS: ids,
      PER_TASK: QUERIES_PER_PREPARATION,
    });
    const lasts = sizeOf(last) > 0 ? backend.address(last) : 0;
    use({ ...shared, IDS: ids, LAST: lasts, ITEM_COUNT: numItems, FIRST_ITEM: firstItem });
  });
}

function rankCounts(inputs: Inputs, backend: SimdBackend, { firstItem }: CandidateAttrs): TensorInfo {
  const { queries, items } = inputs;
  const [b] = queries.shape;
  const out = backend.output([b, 4], 'int32');
  if (b === 0) return out.info;
  const { rows, queryTasks, itemsPerTask, itemTasks } = gridOf(queries.shape, items.shape[0], TASKS.ranks);
  prepared(backend, inputs, firstItem, (common) => {
    backend.withTemporaries([itemTasks * b * 16], 'partial counts', (partial) => {
      const grid = { PER_TASK: rows, QUERY_TASKS: queryTasks, ITEMS_PER_TASK: itemsPerTask };
      backend.pool.run(KERNEL.rankCounts, queryTasks * itemTasks, { ...common, ...grid, OUT: partial });
      const parts = backend.ints(partial, itemTasks * b * 4);
      const sums = backend.ints(out.address, b * 4);
      sums.set(parts.subarray(0, b * 4));
      for (let t = 1; t < itemTasks; t++) for (let i = 0; i < b * 4; i++) sums[i] += parts[t * b * 4 + i];
    });
  });
  return out.info;
}

function topItems(inputs: Inputs, backend: SimdBackend, { firstItem, k }: TopItemsAttrs): TensorInfo[] {
  const { queries, items } = inputs;
  const [b] = queries.shape;
  const scores = backend.output([b, k]);
  const ids = backend.output([b, k], 'int32');
  const undefinedScores = backend.output([b], 'int32');
  const outputs = [scores.info, ids.info, undefinedScores.info];
  if (b === 0) return outputs;
  const lists = Math.max(1, Math.floor(Math.min(LIST_PLACES / (b * k), items.shape[0] / (LIST_ITEMS * k))));
  const { rows, queryTasks, itemsPerTask, itemTasks } = gridOf(queries.shape, items.shape[0], TASKS.lists, lists);
  prepared(backend, inputs, firstItem, (common) => {
    const bytes = [itemTasks * b * (16 * k + 8), itemTasks * b * 4];
    backend.withTemporaries(bytes, `lists of the best ${k} items`, (found, undefinedParts) => {
      backend.pool.run(KERNEL.topItems, queryTasks * itemTasks, {
        ...common,
        PER_TASK: rows,
        QUERY_TASKS: queryTasks,
        ITEMS_PER_TASK: itemsPerTask,
        OUT: found,
        LENGTH: k,
        UNDEFINED: undefinedParts,
      });
      backend.pool.run(KERNEL.mergeTopItems, Math.ceil(b / QUERIES_PER_PREPARATION), {
        LISTS: found,
        ITEM_TASKS: itemTasks,
        ROWS: b,
        LENGTH: k,
        SCORES: scores.address,
        IDS: ids.address,
        UNDEFINED: undefinedParts,
        UNDEFINED_SUMS: undefinedScores.address,
        PER_TASK: QUERIES_PER_PREPARATION,
      });
    });
  });
  return outputs;
}

export function registerRanking(name: string): void {
  override(name, RankCounts, (inputs, backend, attrs) =>
    rankCounts(inputs, backend, attrs as unknown as CandidateAttrs),
  );
  override(name, TopItems, (inputs, backend, attrs) => topItems(inputs, backend, attrs as unknown as TopItemsAttrs));
}
