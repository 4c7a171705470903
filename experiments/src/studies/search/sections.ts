import { dimensionInWords, settingsInCell } from '../../config/search-space.ts';
import type { TableSection } from '../../report/table-section.ts';
import { beamRemark } from '../../run/evaluation/beam-remark.ts';
import { formatDuration, formatMetric } from '../../terminal/format.ts';
import { markdownTable } from '../../terminal/markdown.ts';
import { inWords } from './budget.ts';
import type { SearchResult, TrialRow } from './result.ts';

/** What a search is and what it took, in sentences. */
export function searchSentences({ request, rungs, metric, spent, unit, trials }: SearchResult): string[] {
  const { budget, eta, seed, space, config } = request;
  const remark = beamRemark(config, [metric]);
  const counted = trials.filter(({ epochs }) => epochs > 0).length;
  const of = budget === undefined ? '' : ` of ${inWords(budget, budget.most)}`;
  const plan = rungs.map(({ epochs, trials: room }) => `${room} to epoch ${epochs}`).join(', ');
  return [
    `Random search with successive halving: ${trials.length} trials drawn with seed ${seed}, ${counted} trained; ${plan}; the best 1/${eta} by ${metric} on the validation set go on. The test set was not looked at.`,
    `Spent: ${inWords({ unit }, spent)}${of}${unit === 'flops' ? ' of training; evaluations are not counted' : ', evaluations included'}.`,
    `Space: ${space.map((each) => dimensionInWords(each)).join('; ')}.`,
    ...(remark === undefined ? [] : [`${metric}: ${remark}.`]),
  ];
}

/** The trials, the best first. Times stand in it where the budget is one: they differ from run to run. */
export function trialSection({ request, metric, trials, unit }: SearchResult): TableSection {
  const rows = [...trials].sort((a, b) => value(b) - value(a) || a.trial - b.trial);
  const isTimed = unit === 'seconds';
  return {
    title: 'Trials',
    note: `${metric} of the best epoch on the validation set; trials that were left earlier had fewer epochs.`,
    titles: [
      'trial',
      ...request.space.map(({ name }) => name),
      metric,
      'best epoch',
      'epochs',
      ...(isTimed ? ['time'] : ['training FLOPs']),
      'verdict',
    ],
    rows: rows.map((row) => [
      String(row.trial),
      ...request.space.map((each) => settingsInCell(each, row.settings)),
      row.value === undefined ? '' : formatMetric(row.value),
      row.bestEpoch === undefined ? '' : String(row.bestEpoch),
      String(row.epochs),
      isTimed ? formatDuration(row.seconds) : (row.flops?.toExponential(2) ?? ''),
      row.state,
    ]),
  };
}

const value = (row: TrialRow): number => row.value ?? Number.NEGATIVE_INFINITY;

/** What a search found as a Markdown page; the same bytes whenever a search by operations is made. */
export function renderSearch(result: SearchResult, command: string): string {
  const { title, note = '', titles, rows } = trialSection(result);
  return [
    `# Search: ${result.request.recipe}`,
    ...searchSentences(result),
    `## ${title}`,
    note,
    markdownTable(titles, rows),
    `\`${command}\``,
  ].join('\n\n');
}
