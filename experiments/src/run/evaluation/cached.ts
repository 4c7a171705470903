import { type CachedEvaluation, type Evaluation, evaluate, evaluateCached } from '@seqrec/models';
import { formatCount, formatMetric } from '../../terminal/format.ts';
import { printWarnings } from '../../terminal/print-warnings.ts';
import { renderDefinition, renderSentences, renderTable } from '../../terminal/table.ts';
import type { EvaluatedModel } from '../open/open-run.ts';
import { type EvaluationContext, examplesOf, protocolOf } from './evaluate-set.ts';
import { withProgress } from './with-progress.ts';

/** A query whose rank by the scorer is another than that of the usual evaluation. */
export interface RankDifference {
  readonly user: number;
  readonly cached: { readonly rank: number; readonly tied: number };
  readonly usual: { readonly rank: number; readonly tied: number };
}

/** Where two evaluations of the same queries differ. */
export function rankDifferences(
  cached: Pick<Evaluation, 'users' | 'ranks' | 'tied'>,
  usual: Pick<Evaluation, 'ranks' | 'tied'>,
): RankDifference[] {
  return Array.from(cached.users, (user, q) => ({
    user,
    cached: { rank: cached.ranks[q], tied: cached.tied[q] },
    usual: { rank: usual.ranks[q], tied: usual.tied[q] },
  })).filter(({ cached, usual }) => cached.rank !== usual.rank || cached.tied !== usual.tied);
}

/** Differences that are printed. */
const SHOWN = 5;

/**
 * `seqrec evaluate RUN --cached`: ranks by the vectors of a scorer that was given every event one by one, compared with
 * those of the usual evaluation; 1 where one differs.
 */
export async function cachedCommand(
  { run, model, data, checkpoint, about }: EvaluatedModel,
  request: Pick<EvaluationContext, 'options' | 'progress'> & {
    readonly part: 'validation' | 'test';
    /** Warnings of {@link chosenByItself}. */
    readonly chosenBy: readonly string[];
    readonly json: boolean;
  },
): Promise<number> {
  const { part, options, progress } = request;
  const set = examplesOf(data, part);
  const context = { data, options, progress, window: model.maxSequenceLength };
  const asked = { model, ...protocolOf(set, context), batchSize: options.batchSize };
  // The scorer first: a model that it refuses is told at once.
  const cached = await withProgress(`evaluate ${set.name} event by event, users`, context, (onProgress) =>
    evaluateCached({ ...asked, onProgress }),
  );
  const usual = await withProgress(`evaluate ${set.name}, users`, context, (onProgress) =>
    evaluate({ ...asked, onProgress }),
  );
  const differences = rankDifferences(cached, usual);
  const { metrics, definition, appended, stats, exact } = cached;
  const warnings = [...cached.warnings, ...request.chosenBy];
  const comparison = {
    users: cached.users.length,
    sameRank: cached.users.length - differences.length,
    exact,
    appended,
    asked: cached.asked,
    ...{ computedTokens: stats.computedTokens, fullTokens: stats.fullTokens },
  };
  if (request.json) {
    const head = { run: run.id, ...(checkpoint && { checkpoint }), split: part };
    console.log(JSON.stringify({ ...head, metrics, warnings, cached: comparison, differences, definition }, null, 2));
  } else {
    const rows = Object.entries(metrics).map(([metric, value]) => [metric, formatMetric(value)]);
    console.log(`${about}, ${part} set\n`);
    console.log(renderTable([{ title: 'metric' }, { title: 'value', align: 'right' }], rows));
    printWarnings(warnings);
    console.log(`\n${renderSentences(sentences(cached, differences), '')}`);
    console.log(`\n${renderDefinition(definition)}`);
  }
  return differences.length === 0 ? 0 : 1;
}

function sentences({ users, appended, asked, stats, exact }: CachedEvaluation, differences: readonly RankDifference[]) {
  const same = users.length - differences.length;
  const place = ({ rank, tied }: RankDifference['usual']): string => `${rank}${tied > 0 ? ` of ${tied} equal` : ''}`;
  return [
    `cached: the rank of ${formatCount(same)} of ${formatCount(users.length)} users is that of the usual evaluation.`,
    ...differences
      .slice(0, SHOWN)
      .map(
        ({ user, cached, usual }) => `User ${user}: rank ${place(cached)}, by the usual evaluation ${place(usual)}.`,
      ),
    ...(differences.length > SHOWN ? [`And ${differences.length - SHOWN} more.`] : []),
    ...(exact === 'bitwise'
      ? []
      : [
          `On this backend the vectors of both agree within ${exact}, not in bits, so items of nearly equal scores may change places.`,
        ]),
    `${formatCount(appended)} events were appended one by one, with ${formatCount(asked)} questions between them: ${formatCount(stats.computedTokens)} tokens went through the model, where a full pass each time takes ${formatCount(stats.fullTokens)}.`,
  ];
}
