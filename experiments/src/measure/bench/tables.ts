import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryRows, normals, type RowLayout, type RowStore, StoredRowwiseAdamW, streamKey } from '@seqrec/core';
import { type FileRows, fileRows } from '@seqrec/core/row-files';
import * as tf from '@tensorflow/tfjs-core';
import { RunError } from '../../errors.ts';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { Progress } from '../../terminal/progress.ts';
import { type IdBatch, type IdStream, idBatch } from './table-ids.ts';
import { type PolicyRate, policyRates } from './table-policies.ts';
import { hitRates, type ModelStepBench, modelSteps, TABLE_RULE } from './table-steps.ts';

export interface TablesRequest {
  readonly backend: BackendOptions;
  readonly rows: number;
  readonly width: number;
  /** Share of the rows that are kept in memory. */
  readonly cache: number;
  readonly zipf: number;
  /** Ids of a step. */
  readonly ids: number;
  /** Steps of a round. */
  readonly steps: number;
  readonly rounds: number;
  /** Folder of the file, which is removed at the end. */
  readonly folder?: string;
  readonly quiet: boolean;
}

/** Steps of one contestant: read the rows of a batch, update them by row-wise AdamW. */
export interface TableSteps {
  readonly name: string;
  readonly rows: number;
  readonly milliseconds: readonly number[];
  /** Mean over the steps. */
  readonly distinct: number;
}

export interface TablesBench {
  readonly rows: number;
  readonly width: number;
  readonly recordBytes: number;
  readonly cacheRows: number;
  readonly zipf: number;
  readonly ids: number;
  readonly backend: string;
  readonly policies: readonly PolicyRate[];
  readonly contestants: readonly TableSteps[];
  /** Of the steps with the file that were timed. */
  readonly hitRate: { readonly lookups: number; readonly distinct: number };
  readonly file: {
    readonly bytes: number;
    readonly bytesOnDisk: number;
    readonly rowsRead: number;
    readonly rowsMade: number;
    readonly rowsWritten: number;
    readonly steps: number;
    /** Blocks of 512 bytes that the system fetched from the disk for this process: what it did not have in memory. */
    readonly blocksFromDisk: number;
    readonly fillSeconds: number;
    readonly flushSeconds: number;
  };
  /** Rows whose bits were compared, after how many steps. */
  readonly equal: { readonly rows: number; readonly steps: number };
  readonly model: ModelStepBench;
}

const { kind: _adamw, ...RULE } = TABLE_RULE;
/** Rows of the table in memory that the others are measured against, at most. */
const MEMORY_ROWS = 1_000_000;

/**
 * Tables of rows in a file against one in memory, in turn: a step reads the distinct rows of a batch of ids by Zipf and
 * updates them by row-wise AdamW. The cache fills before anything is timed.
 *
 * @throws RunError where a row has other bits than in memory.
 */
export async function benchTables(request: TablesRequest): Promise<TablesBench> {
  const { rows, width, zipf, ids, steps, rounds } = request;
  const choice = await startBackend(request.backend);
  const cacheRows = Math.max(2, Math.round(rows * request.cache));
  const folder = mkdtempSync(join(request.folder ?? tmpdir(), 'seqrec-tables-'));
  const progress = new Progress({ quiet: request.quiet });
  progress.start();
  try {
    const stream: IdStream = { rows, exponent: zipf, count: ids, seed: 1 };
    progress.note('hit rates by the way to choose who stays');
    const policies = policyRates(stream, cacheRows);
    const equal = await compareBits({ ...request, rows: Math.min(rows, MEMORY_ROWS) }, folder, progress);
    const layout = layoutOf(rows, width);
    const store = fileRows({ ...layout, path: join(folder, 'table'), cacheRows });
    const small = { ...stream, rows: Math.min(rows, MEMORY_ROWS) };
    const memory = memoryRows(layoutOf(small.rows, width));
    const gradients = tf.tensor2d(Float32Array.from(normals(streamKey(1, 'gradients'), 0, ids * width)), [ids, width]);
    const timed = { steps, gradients };
    const fillSeconds = await fill(store, stream, gradients, progress);
    let step = 1_000_000;
    const contestants = [
      { name: 'in memory', store: memory, stream: small, prefetches: false, milliseconds: [] as number[] },
      { name: 'file', store, stream, prefetches: false, milliseconds: [] as number[] },
      { name: 'file, prefetched', store, stream, prefetches: true, milliseconds: [] as number[] },
    ];
    const counts = contestants.map(() => ({ distinct: 0, lookups: 0 }));
    const before = store.stats();
    const blocksBefore = process.resourceUsage().fsRead;
    // Once without the clock: the rows of the small table are made, kernels are warm.
    await run(contestants[0], { ...timed, from: 0 });
    contestants[0].milliseconds.length = 0;
    for (let round = 0; round < rounds; round++) {
      for (const [c, contestant] of contestants.entries()) {
        progress.note(`round ${round + 1} of ${rounds}: ${contestant.name}`);
        counts[c].distinct += await run(contestant, { ...timed, from: step });
        counts[c].lookups += steps * ids;
        step += steps + 1;
      }
    }
    const after = store.stats();
    const blocksFromDisk = process.resourceUsage().fsRead - blocksBefore;
    gradients.dispose();
    const model = await modelSteps({ ...request, memoryRows: small.rows }, store, progress);
    const ofFile = counts[1].lookups + counts[2].lookups;
    progress.note('flush');
    const flushBegin = performance.now();
    await store.flush();
    const flushSeconds = (performance.now() - flushBegin) / 1000;
    const { size, blocks } = statSync(store.path);
    await store.close();
    // The system takes minutes to remove a file of so many pieces.
    progress.note(`remove ${store.path}`);
    rmSync(store.path);
    return {
      rows,
      width,
      recordBytes: 4 * (2 * width + 2),
      cacheRows,
      zipf,
      ids,
      backend: choice.name,
      policies,
      contestants: contestants.map(({ name, stream: own, milliseconds }, c) => ({
        name,
        rows: own.rows,
        milliseconds,
        distinct: counts[c].distinct / (steps * rounds),
      })),
      hitRate: hitRates(before, after, ofFile),
      file: {
        bytes: size,
        bytesOnDisk: blocks * 512,
        rowsRead: after.rowsRead - before.rowsRead,
        rowsMade: after.rowsMade - before.rowsMade,
        rowsWritten: after.rowsWritten - before.rowsWritten,
        steps: 2 * steps * rounds,
        blocksFromDisk,
        fillSeconds,
        flushSeconds,
      },
      equal,
      model,
    };
  } finally {
    progress.clear();
    rmSync(folder, { recursive: true, force: true });
  }
}

function layoutOf(rows: number, width: number): RowLayout {
  const initial = { kind: 'normal', seed: 1, stream: 'init/table', standardDeviation: 0.02 } as const;
  return { rows, width, initial, ...StoredRowwiseAdamW.stateOf(width) };
}

interface Contestant {
  readonly store: RowStore;
  readonly stream: IdStream;
  readonly prefetches: boolean;
  readonly milliseconds: number[];
}

/** Steps `from ..` of a contestant; gives the distinct rows of all. */
async function run(
  { store, stream, prefetches, milliseconds }: Contestant,
  { steps, from, gradients }: { readonly steps: number; readonly from: number; readonly gradients: tf.Tensor2D },
): Promise<number> {
  const optimizer = new StoredRowwiseAdamW(store, RULE);
  let [batch, distinct] = [idBatch(stream, from), 0];
  for (let s = 0; s < steps; s++) {
    const next: IdBatch = idBatch(stream, from + s + 1);
    const grad = tf.slice(gradients, [0, 0], [batch.distinct.length, -1]);
    const begin = performance.now();
    await store.gather(batch.distinct);
    if (prefetches && s + 1 < steps) store.prefetch(next.distinct);
    await optimizer.step(batch.distinct, grad);
    milliseconds.push(performance.now() - begin);
    grad.dispose();
    distinct += batch.distinct.length;
    batch = next;
  }
  return distinct;
}

/** Runs steps until the cache has been filled twice over, and rows have gone to the file. */
async function fill(store: FileRows, stream: IdStream, gradients: tf.Tensor2D, progress: Progress): Promise<number> {
  const begin = performance.now();
  const total = 2 * store.cacheRows;
  const FEW = 8;
  for (let from = 0; ; from += FEW) {
    await run({ store, stream, prefetches: true, milliseconds: [] }, { steps: FEW, from, gradients });
    const { rowsMade, rowsRead } = store.stats();
    progress.update({ label: 'fill the cache, rows', done: Math.min(rowsMade + rowsRead, total), total, fields: [] });
    if (rowsMade + rowsRead >= total) return (performance.now() - begin) / 1000;
  }
}

/** Trains a table in memory and one in a file alike and compares every row. @throws RunError where one differs. */
async function compareBits(
  { rows, width, cache, zipf, ids, steps }: TablesRequest,
  folder: string,
  progress: Progress,
): Promise<TablesBench['equal']> {
  progress.note(`the bits of ${rows} rows in memory and in a file`);
  const layout = layoutOf(rows, width);
  const path = join(folder, 'compared');
  const stores = [memoryRows(layout), fileRows({ ...layout, path, cacheRows: Math.max(2, Math.round(rows * cache)) })];
  const stream: IdStream = { rows, exponent: zipf, count: ids, seed: 2 };
  const gradients = tf.tensor2d(Float32Array.from(normals(streamKey(2, 'gradients'), 0, ids * width)), [ids, width]);
  for (const store of stores) {
    await run({ store, stream, prefetches: true, milliseconds: [] }, { steps, from: 0, gradients });
  }
  gradients.dispose();
  const BLOCK = 65_536;
  for (let first = 0; first < rows; first += BLOCK) {
    const block = Int32Array.from({ length: Math.min(BLOCK, rows - first) }, (_, i) => first + i);
    const [theirs, ours] = await Promise.all(stores.map((store) => store.records(block)));
    const bits = new Int32Array(ours.buffer);
    const bad = new Int32Array(theirs.buffer).findIndex((word, i) => word !== bits[i]);
    if (bad < 0) continue;
    const row = first + Math.floor(bad / (2 * width + 2));
    throw new RunError(`bench tables: expected the bits of a table in memory; got others in row ${row}`);
  }
  for (const store of stores) await store.close();
  rmSync(path);
  return { rows, steps };
}
