import type { BackendChoice } from '@seqrec/core';
import { type Evaluation, evaluate } from '@seqrec/models';
import { dataFolder } from '../../data/data-folder.ts';
import { prepareData, windowed } from '../../data/dataset.ts';
import { RunError } from '../../errors.ts';
import { startBackend } from '../../run/process/backend.ts';
import { formatBytes, formatCount } from '../../terminal/format.ts';
import { type Block, figures, type Listing, lines } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { benchRanking, type RankingRow, type RankingSize } from './ranking.ts';
import { openSubject, type SubjectRequest } from './subject.ts';

export interface EvaluateRequest extends SubjectRequest {
  readonly rounds: number;
  /** Ranks 100,000 users among a million items instead. */
  readonly large: boolean;
  readonly users?: number;
  readonly items?: number;
  readonly width?: number;
}

/** One evaluation of a recipe's model with fresh weights, in seconds. */
export interface WholeEvaluation {
  readonly total: number;
  readonly encode: number;
  readonly rank: number;
  /** Batching, uploads, metrics. */
  readonly rest: number;
}

export interface EvaluateBench {
  readonly backend: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly ranking: RankingRow;
  /** Of a recipe on its test set; absent in the large case and without the data. */
  readonly whole?: { readonly recipe: string; readonly users: number; readonly items: number } & {
    readonly rounds: readonly WholeEvaluation[];
  };
  /** Why `whole` is absent. */
  readonly missing?: string;
}

/** The size of ML-1M; histories of its reference recipe have 108 events on average. */
const ML_1M: RankingSize = { users: 6040, items: 3883, width: 50, seen: 108 };
const LARGE: RankingSize = { users: 100_000, items: 1_000_000, width: 64, seen: 100 };

/** Times exact full-catalogue ranks on synthetic vectors, and the whole evaluation of a recipe. */
export async function benchEvaluate(request: EvaluateRequest): Promise<EvaluateBench> {
  const progress = new Progress({ quiet: request.quiet });
  const choice: BackendChoice = await startBackend(request.backend);
  const base = request.large ? LARGE : ML_1M;
  const { users = base.users, items = base.items, width = base.width } = request;
  const size = { users, items, width, seen: Math.min(base.seen, items - 1) };
  const ranking = await benchRanking(size, request.large ? 1 : request.rounds, progress);
  const bench = { backend: choice.name, details: choice.details, ranking };
  if (request.large) return bench;
  try {
    return { ...bench, whole: await wholeEvaluation(request, progress) };
  } catch (error) {
    // Without the data set the rest of the figures still stand.
    if (error instanceof RunError) return { ...bench, missing: error.message };
    throw error;
  }
}

async function wholeEvaluation(request: EvaluateRequest, progress: Progress): Promise<EvaluateBench['whole']> {
  const { name, config, model, numItems } = await openSubject(request, progress);
  const { split } = await prepareData(config.data, dataFolder(request.dataFolder), progress);
  const examples = windowed(split.test, model.maxSequenceLength);
  const { ks, excludeSeen, positions, ties, queryTime, batchSize } = config.evaluation;
  const rounds: WholeEvaluation[] = [];
  progress.start();
  // The first one warms up.
  for (let round = -1; round < Math.min(3, request.rounds); round++) {
    const result = await evaluate({
      ...{ model, examples, ks, excludeSeen, positions, ties, queryTime, batchSize },
      onProgress: ({ done, total }) => progress.update({ label: `evaluate ${name}, users`, done, total }),
    });
    if (round >= 0) rounds.push(partsOf(result));
  }
  progress.clear();
  return { recipe: name, users: examples.targets.length, items: numItems, rounds };
}

function partsOf({ seconds, phases }: Evaluation): WholeEvaluation {
  const { encode, rank } = phases ?? { encode: 0, rank: 0 };
  return { total: seconds, encode, rank, rest: seconds - encode - rank };
}

export function listEvaluateBench({ backend, details, ranking, whole, missing }: EvaluateBench): Listing {
  const { size, ranks, top10, gflops, gemm, heap } = ranking;
  const pairs: [string, string][] = [
    ['backend', `${backend} ${JSON.stringify(details)}`],
    [
      'synthetic',
      `${formatCount(size.users)} users x ${formatCount(size.items)} items, D = ${size.width}, ${size.seen} seen`,
    ],
    ['exact ranks', `${ranks.toFixed(3)} s, ${gflops.toFixed(1)} GFLOP/s`],
    [
      'share',
      `${((100 * gflops) / gemm).toFixed(0)} % of our 1024 x 1024 x 1024 product, ${gemm.toFixed(1)} GFLOP/s in this run`,
    ],
  ];
  if (top10 !== undefined) pairs.push(['ten best items', `${top10.toFixed(3)} s`]);
  if (heap !== undefined) {
    const all = `${formatBytes(size.users * size.items * 4)} for all scores`;
    pairs.push([
      'memory',
      `${formatBytes(heap.before)} vectors, ${formatBytes(heap.peak - heap.before)} more at most (${all})`,
    ]);
  }
  return [
    { pairs },
    ...(whole === undefined ? [] : [wholeTable(whole)]),
    ...lines(missing !== undefined && `whole evaluation left out: ${missing}`),
  ];
}

function wholeTable({ recipe, users, items, rounds }: NonNullable<EvaluateBench['whole']>): Block {
  const rows = rounds.map(({ total, encode, rank, rest }, i) => [
    String(i + 1),
    ...[total, encode, rank, rest].map((x) => x.toFixed(3)),
  ]);
  const title = `whole evaluation of ${recipe}, ${formatCount(users)} users x ${formatCount(items)} items`;
  return figures(['round', 'total s', 'encode', 'rank', 'rest'], rows, { left: [], title });
}
