import { checkT5 } from '../generators/t5/golden.ts';
import { checkT5Buckets } from '../generators/t5/golden-buckets.ts';
import { checkT5SemanticIds } from '../generators/t5/golden-semantic-ids.ts';
import { checkFieldAttention } from '../rankers/field-attention/golden.ts';
import { checkCalibrators } from './calibrators.ts';
import type { GoldenFile } from './file.ts';
import { checkFuxiAlpha } from './fuxi-alpha.ts';
import { checkFuxiCtr } from './fuxictr.ts';
import { checkFuxiCtrLong } from './fuxictr-long.ts';
import { checkFuxiCtrTraining } from './fuxictr-training.ts';
import { checkGru } from './gru.ts';
import { checkHstuMasks } from './hstu-masks.ts';
import { checkHstuPosition } from './hstu-position.ts';
import { checkHstuRanker } from './hstu-ranker.ts';
import { checkHstuRequests } from './hstu-requests.ts';
import { checkLigr } from './ligr.ts';
import { checkLlama } from './llama.ts';
import { checkLogQ } from './logq.ts';
import { checkLosses } from './losses.ts';
import { checkOptimizer } from './optimizer.ts';
import { parseGolden } from './parse.ts';
import { checkRankingHeads } from './ranking-heads.ts';
import { checkRankingMetrics } from './ranking-metrics.ts';
import type { GoldenReport } from './report.ts';
import { runGolden } from './run.ts';
import { checkSce } from './sce.ts';
import { checkSchedule } from './schedule.ts';
import { checkStu } from './stu.ts';
import { checkTransact } from './transact.ts';
import { checkWeightAverage } from './weight-average.ts';

/**
 * What takes the files of a kind: rebuilds what a file describes on the active backend and compares everything that
 * the file has. A sentence when there is nothing here that this file could be compared with.
 */
export type GoldenCheck = (json: GoldenFile) => Promise<GoldenReport | string>;

const checkEncoder: GoldenCheck = async (json) => runGolden(parseGolden(json));

/** A new kind: its check in a file of its own, one line here, and none in {@link goldenKindsToCome}. */
export const goldenChecks: Readonly<Record<string, GoldenCheck>> = {
  hstu: checkEncoder,
  sasrec: checkEncoder,
  gru: checkGru,
  llama: checkLlama,
  ligr: checkLigr,
  'fuxi-alpha': checkFuxiAlpha,
  logq: checkLogQ,
  losses: checkLosses,
  sce: checkSce,
  optimizer: checkOptimizer,
  schedule: checkSchedule,
  'weight-average': checkWeightAverage,
  calibrators: checkCalibrators,
  metrics: checkRankingMetrics,
  'ranking-heads': checkRankingHeads,
  fuxictr: checkFuxiCtr,
  'fuxictr-long': checkFuxiCtrLong,
  'fuxictr-training': checkFuxiCtrTraining,
  'hetero-attention': checkFieldAttention,
  'hstu-mask': checkHstuMasks,
  'hstu-position': checkHstuPosition,
  'hstu-ranker': checkHstuRanker,
  'hstu-requests': checkHstuRequests,
  stu: checkStu,
  transact: checkTransact,
  t5: checkT5,
  't5-buckets': checkT5Buckets,
  't5-semantic-ids': checkT5SemanticIds,
};

/** What `of-ids.ts` defines where ids are made. */
const OF_NODE = 'ids are made in Node';

/** Kinds of reference files that no check takes yet, each with the reason. */
export const goldenKindsToCome: Readonly<Record<string, string>> = {
  'fuxi-linear': 'no FuXi-linear',
  behaviour: OF_NODE,
  letter: OF_NODE,
  lsa: OF_NODE,
  'residual-kmeans': OF_NODE,
  rqvae: OF_NODE,
  'sid-pieces': OF_NODE,
  mol: 'no mixture of logits',
};
