import type { Override } from '../arguments.ts';
import { baselineSettings } from '../config/baseline-names.ts';
import { UsageError } from '../errors.ts';

/** What `seqrec evaluate` was told that decides which evaluation it is. */
export interface AskedEvaluation {
  readonly days?: number;
  readonly positiveRating?: number;
  readonly windows?: boolean;
  readonly cached?: boolean;
  readonly includeSeen?: boolean;
  readonly sample?: number;
  readonly baselines?: unknown;
  readonly part: 'validation' | 'test';
}

/** An evaluation other than ranks of the targets, by the name of its option. */
export type EvaluationApart = 'future' | 'actions' | 'windows' | 'cached';

/**
 * The evaluation apart that is asked for, one at most.
 *
 * @throws UsageError for several, and for an option that it does not read.
 */
export function evaluationApart(asked: AskedEvaluation): EvaluationApart | undefined {
  const { days, positiveRating, windows, cached, includeSeen, sample, baselines, part } = asked;
  const given = { future: days !== undefined, actions: positiveRating !== undefined, windows, cached };
  const names = (Object.keys(given) as EvaluationApart[]).filter((name) => given[name]);
  if (names.length > 1)
    throw new UsageError(
      `--${names[0]}: expected one of --future, --actions, --windows, --cached, which are evaluations apart; ` +
        `got it with --${names.slice(1).join(' and --')}`,
      'ask for each in a call of its own',
    );
  const [apart] = names;
  if (apart === 'windows' && part === 'validation')
    throw new UsageError('--split: expected test with --windows, whose sets are of the test set; got validation');
  if (apart === 'actions' && includeSeen)
    throw new UsageError('--include-seen: expected it without --actions, which ranks no items; got both');
  if (sample !== undefined && apart)
    throw new UsageError(`--sample: expected it without --${apart}, which asks about all users; got both`);
  if (baselines !== undefined && apart)
    throw new UsageError(`--baselines: expected it without --${apart}, which does not read it; got both`);
  return apart;
}

/**
 * @param overrides those of keys that say how a trained model is measured.
 * @throws UsageError for one that the evaluation does not read.
 */
export function checkReadApart(apart: EvaluationApart, overrides: readonly Override[]): void {
  const read = ({ key }: Override): boolean => {
    if (apart === 'future') return key === 'evaluation.excludeSeen';
    if (apart === 'actions') return false;
    return !['segments', 'lists', ...baselineSettings()].includes(key.split('.')[1]);
  };
  const ignored = overrides.find((override) => !read(override));
  if (ignored === undefined) return;
  throw new UsageError(`--${ignored.key}: expected it without --${apart}, which does not read it; got both`);
}
