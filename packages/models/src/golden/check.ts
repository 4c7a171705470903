import { GoldenError } from '../errors.ts';
import { checkGru } from './gru.ts';
import { checkLlama } from './llama.ts';
import { parseGolden } from './parse.ts';
import { checkPreNorm } from './pre-norm.ts';
import type { GoldenReport } from './report.ts';
import { runGolden } from './run.ts';

/** A file of a kind that nothing here can be compared with yet. */
export interface GoldenNotYet {
  readonly name: string;
  /** What is missing. */
  readonly notYet: string;
}

/** What takes the files of a kind: a check, or a sentence when there is nothing to check. */
type GoldenCheck = (json: GoldenFile) => Promise<GoldenReport> | string;

interface GoldenFile {
  readonly name: string;
  readonly kind: string;
  readonly config?: { readonly block?: unknown };
}

const checkEncoder: GoldenCheck = async (json) => runGolden(parseGolden(json));

/** A new kind: its check in a file of its own, and one line here. */
const checks: Readonly<Record<string, GoldenCheck>> = {
  hstu: checkEncoder,
  sasrec: checkEncoder,
  gru: checkGru,
  llama: checkLlama,
  ligr: (json) => (json.config?.block === 'pre-norm' ? checkPreNorm(json) : 'no LiGR block'),
};

/** Kinds of reference files that no model here has an answer for. */
const toCome: Readonly<Record<string, string>> = {
  behaviour: 'no SPPMI',
  calibrators: 'no calibration',
  fuxictr: 'no ranking models',
  'fuxictr-long': 'no models of long histories',
  'fuxictr-training': 'no training of ranking models',
  'fuxi-alpha': 'no FuXi',
  'fuxi-linear': 'no FuXi',
  'hetero-attention': 'no heterogeneous attention',
  'hstu-mask': 'masks of candidates and contexts are compared in @seqrec/core alone',
  'hstu-position': 'no layer norm of times',
  'hstu-ranker': 'no HSTU ranker',
  'hstu-requests': 'no encoding at a time of request',
  letter: 'no semantic ids',
  logq: 'objectives are compared with their formulas alone',
  losses: 'objectives are compared with their formulas alone',
  lsa: 'no content vectors',
  metrics: 'no ranking metrics of clicks',
  mol: 'no mixture of logits',
  optimizer: 'optimisers are compared with their formulas alone',
  'ranking-heads': 'no ranking heads',
  'residual-kmeans': 'no semantic ids',
  rqvae: 'no semantic ids',
  sce: 'no SCE loss',
  schedule: 'no learning rate schedules',
  'sid-pieces': 'no semantic ids',
  stu: 'no cached inference',
  t5: 'no T5',
  't5-buckets': 'no T5',
  't5-semantic-ids': 'no T5',
  transact: 'no TransAct',
  'weight-average': 'no weight averages',
};

/** The kinds of golden files that {@link checkGolden} compares. */
export const goldenKinds: readonly string[] = Object.keys(checks);

/**
 * Rebuilds what a golden file describes on the active backend, gives it the file's parameters, runs it forwards and
 * backwards and compares outputs, loss and every gradient.
 *
 * @param json the parsed JSON.
 * @returns the errors; or that a kind is still to come.
 * @throws GoldenError for an unknown kind or a malformed file.
 */
export async function checkGolden(json: unknown): Promise<GoldenReport | GoldenNotYet> {
  const file = (json ?? {}) as Partial<GoldenFile>;
  const { kind, name = '' } = file;
  if (typeof kind === 'string' && Object.hasOwn(toCome, kind)) return { name, notYet: toCome[kind] };
  if (typeof kind !== 'string' || !Object.hasOwn(checks, kind)) {
    throw new GoldenError(
      `golden: kind: expected one of ${goldenKinds.join(', ')}, or one still to come; got ${JSON.stringify(kind)}`,
    );
  }
  const checked = checks[kind](file as GoldenFile);
  return typeof checked === 'string' ? { name, notYet: checked } : checked;
}
