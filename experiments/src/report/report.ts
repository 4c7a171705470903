import { existsSync } from 'node:fs';
import type { DataSummary } from '../data/data-summary.ts';
import { readJson, writeFileAtomic } from '../run/folder/atomic.ts';
import type { Environment } from '../run/folder/environment.ts';
import { type EpochRecord, readMetrics } from '../run/folder/metrics-log.ts';
import { type RunResults, type ScoredModel, savedResults, warningsOf } from '../run/folder/results.ts';
import type { RunDir } from '../run/folder/run-dir.ts';
import { formatCount, formatDuration, formatMetric } from '../terminal/format.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { lossChart, metricChart, type Series } from './charts.ts';
import { figureOf } from './figure.ts';
import { type Html, html, raw } from './html.ts';
import { partsSection } from './parts-section.ts';
import { calibrationSection, learningRateFigure } from './ranking-sections.ts';
import { dataSection, jsonSection, samplesSection, scoreTable, windowTestsSection } from './sections.ts';
import { styleSheet } from './style.ts';
import { verdictSection } from './verdict-section.ts';

/** What the report reads of a configuration, whatever else it has. */
interface SavedConfig {
  readonly evaluation?: { readonly selectBy?: string };
}

/** Rebuilds `report.html` from the files of the run folder alone; returns its path. */
export function writeReport(run: RunDir): string {
  writeFileAtomic(run.report, renderReport(run));
  return run.report;
}

export function renderReport(run: RunDir): string {
  const saved = readJson(run.config) as { readonly recipe: string; readonly config: SavedConfig };
  const environment = readJson(run.environment) as Environment;
  const data = existsSync(run.data) ? (readJson(run.data) as DataSummary) : undefined;
  const results = savedResults(run);
  const metrics = readMetrics(run.metrics);
  const steps = metrics.filter((record) => record.type === 'step');
  const epochs = metrics.filter((record) => record.type === 'epoch');
  const evaluated = epochs.filter((epoch) => Object.keys(epoch.metrics).length > 0);
  const loss: Series[] = [{ name: 'loss', points: steps.map((step) => ({ x: step.step, y: step.loss })) }];

  return page(
    `${saved.recipe} · ${run.id}`,
    html`<header><h1>${saved.recipe}</h1>
<p class="soft small">${run.id} · ${environment.cpu} · Node ${environment.node}${environment.commit ? ` · commit ${environment.commit.slice(0, 12)}` : ''}</p>
<p>${statusLine(results, epochs)}</p>
<pre class="command">${commandLine(environment)}</pre></header>
${resultSection(saved.recipe, results, evaluated)}
${results?.verdict ? verdictSection(saved.recipe, results.verdict, results.leftOut) : undefined}
${results ? windowTestsSection(results) : undefined}
${results ? calibrationSection(results) : undefined}
${results ? partsSection(results) : undefined}
<h2>Training</h2>
${steps.length > 0 ? figureOf((width) => lossChart(loss, width), 'Loss of every step (faint) and its running mean.') : html`<p>No step has been logged yet.</p>`}
${metricFigures(evaluated, results, saved.config.evaluation?.selectBy)}
${learningRateFigure(epochs)}
${epochTable(evaluated)}
${results && results.definitions.length > 0 ? html`<h2>How the numbers are defined</h2><ul>${results.definitions.map((line) => html`<li>${line}</li>`)}</ul>` : undefined}
${results ? samplesSection(results) : undefined}
${data ? dataSection(data) : undefined}
${jsonSection('Configuration', saved.config)}
${jsonSection('Environment', environment)}`,
  );
}

/** A whole document around a body: no script, nothing loaded from elsewhere. */
export function page(title: string, body: Html): string {
  return html`${raw('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${raw(styleSheet)}</style></head>
<body><main>${body}</main></body></html>
`.source;
}

function statusLine(results: RunResults | undefined, epochs: readonly EpochRecord[]): Html {
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds + epoch.evaluationSeconds, 0);
  const done = `${epochs.length} epoch${epochs.length === 1 ? '' : 's'} in ${formatDuration(seconds)}`;
  if (results?.status === 'finished') return html`Finished: ${done}.`;
  if (results?.status === 'interrupted')
    return html`Interrupted after ${done}. Resume with <code>${results.resumeCommand ?? ''}</code>`;
  if (results?.status === 'failed') return html`Failed after ${done}: ${results.error ?? 'no reason is known'}`;
  return html`Running, or stopped without notice, after ${done}.`;
}

/** What was typed, in one line to copy. */
function commandLine({ command }: Environment): string {
  return ['seqrec', ...command].map(shellWord).join(' ');
}

function resultSection(
  recipe: string,
  results: RunResults | undefined,
  evaluated: readonly EpochRecord[],
): Html | undefined {
  if (!results) return undefined;
  const ours = new Set([recipe]);
  const latest = evaluated.at(-1);
  const { final, parameters } = results;
  const tested = evaluated.find(({ epoch }) => epoch === final?.epoch);
  const own: ScoredModel[] = [];
  // Beside the rows of the baselines on the set that chose the checkpoint, when that is another one.
  if (final && tested && tested.split !== final.split) own.push({ ...tested, name: recipe });
  if (final) own.push({ ...final, name: recipe });
  else if (latest) own.push({ ...latest, name: recipe });
  const rows = [...results.baselines, ...(results.limits ?? []), ...own].toSorted(
    (a, b) => Number(a.split === 'test') - Number(b.split === 'test'),
  );
  if (rows.length === 0) return undefined;
  const which = final
    ? `${recipe} is the ${final.checkpoint} checkpoint, of epoch ${final.epoch}.`
    : `${recipe} is the latest evaluated epoch.`;
  const size = parameters
    ? ` ${formatCount(parameters.total)} parameters, ${formatCount(parameters.encoder)} of them outside the ${evaluated.some(isOfRows) ? 'tables of fields' : 'item and position tables'}.`
    : '';
  const spread = rows.some(({ intervals = {} }) => Object.keys(intervals).length > 0)
    ? ' Below a figure: its 95 % interval over users (bootstrap); other seeds are another matter.'
    : '';
  const note = `${which}${size}${spread}`;
  const warnings = warningsOf(rows).map((text) => html`<p class="small">${text}</p>`);
  return html`<h2>Result</h2>${scoreTable(rows, ours)}<p class="soft small">${note}</p>${warnings}`;
}

function isOfRows({ rowsPerSecond }: EpochRecord): boolean {
  return rowsPerSecond !== undefined;
}

/** Metrics in one figure. */
interface MetricGroup {
  readonly title: string;
  readonly names: readonly string[];
  /** The metric of the baselines. */
  readonly level: string;
  /** Where the axis begins. */
  readonly from: 'zero' | 'data';
  /** Which value is the best. */
  readonly best: 'highest' | 'lowest';
}

/** Figures of a ranking run: its order, its losses; a level is that of the baseline that is in sight of the model. */
function rowGroups(names: readonly string[]): MetricGroup[] {
  const shown = (title: string, wanted: readonly string[], best: MetricGroup['best']): MetricGroup => ({
    title,
    names: wanted.filter((name) => names.includes(name)),
    level: wanted[0],
    from: 'data',
    best,
  });
  return [
    shown('NDCG', ['NDCG@10'], 'highest'),
    shown('AUC', ['AUC', 'GAUC'], 'highest'),
    shown('log loss', ['logloss'], 'lowest'),
    shown('error', ['RMSE', 'MAE'], 'lowest'),
    shown('pairs in order', ['RAUC', 'XAUC'], 'highest'),
  ];
}

/**
 * Two figures of a retrieval run: hit rates, and the measures that count position, which are several times smaller; the
 * metric that chooses the checkpoint is in one of them.
 */
function rankGroups(names: readonly string[], selectBy: string | undefined): MetricGroup[] {
  const hits = names.filter((name) => name.startsWith('HR@'));
  const gains = names.filter((name) => name.startsWith('NDCG@'));
  const usual = gains.filter((name) => name === 'NDCG@10' || name === selectBy);
  const places = [...(usual.length > 0 ? usual : gains.slice(0, 1)), ...names.filter((name) => name === 'MRR')];
  const level = usual.includes('NDCG@10') ? 'NDCG@10' : places[0];
  const shownHits = hits.filter((name, i) => i < 3 || name === selectBy);
  return [
    { title: 'hit rate', names: shownHits, level: hits[0], from: 'zero', best: 'highest' },
    { title: 'NDCG and MRR', names: places, level, from: 'zero', best: 'highest' },
  ];
}

/** One figure more where none has the metric that chooses the checkpoint: of a plug-in, or of one label of several. */
function withChosen(
  groups: readonly MetricGroup[],
  names: readonly string[],
  selectBy: string | undefined,
): readonly MetricGroup[] {
  if (selectBy === undefined || !names.includes(selectBy)) return groups;
  if (groups.some((group) => group.names.includes(selectBy))) return groups;
  // From zero with all baselines: which value is the best only the plug-in knows.
  return [...groups, { title: selectBy, names: [selectBy], level: selectBy, from: 'zero', best: 'highest' }];
}

function metricFigures(
  evaluated: readonly EpochRecord[],
  results: RunResults | undefined,
  selectBy: string | undefined,
): Html[] {
  if (evaluated.length === 0) return [];
  const split = evaluated[evaluated.length - 1].split;
  const names = namesIn(evaluated);
  const usual = evaluated.some(isOfRows) ? rowGroups(names) : rankGroups(names, selectBy);
  return withChosen(usual, names, selectBy)
    .filter((group) => group.names.length > 0)
    .map((group) => {
      const lines = group.names.map((name) => ({
        name,
        points: evaluated
          .filter(({ metrics }) => Object.hasOwn(metrics, name))
          .map(({ epoch, metrics }) => ({ x: epoch, y: metrics[name] })),
      }));
      const all = (results?.baselines ?? [])
        .filter((baseline) => baseline.split === split && baseline.metrics[group.level] !== undefined)
        .map((baseline) => ({ name: baseline.name, y: baseline.metrics[group.level] }));
      const sign = group.best === 'highest' ? -1 : 1;
      // Of rankers all but the best would press the lines together.
      const levels = group.from === 'zero' ? all : all.toSorted((a, b) => sign * (a.y - b.y)).slice(0, 1);
      const whose = group.from === 'zero' ? 'the baselines' : `${levels[0]?.name}, the best of the baselines`;
      const baselines = levels.length > 0 ? ` Dashed: ${group.level} of ${whose}.` : '';
      return figureOf(
        (width) => metricChart(lines, levels, `${group.title} (${split})`, width, group.from),
        `${group.names.join(', ')} on the ${split} set.${baselines}`,
      );
    });
}

/** The metrics of any of the epochs. */
function namesIn(evaluated: readonly EpochRecord[]): string[] {
  return [...new Set(evaluated.flatMap(({ metrics }) => Object.keys(metrics)))];
}

function epochTable(evaluated: readonly EpochRecord[]): Html | undefined {
  if (evaluated.length === 0) return undefined;
  const names = namesIn(evaluated);
  const rows = evaluated.map(
    (epoch) =>
      html`<tr><td class="number">${epoch.epoch}</td><td class="number">${epoch.meanLoss.toFixed(4)}</td>${names.map(
        (name) => html`<td class="number">${formatMetric(epoch.metrics[name])}</td>`,
      )}<td class="number">${formatCount(epoch.rowsPerSecond ?? epoch.tokensPerSecond)}</td></tr>`,
  );
  return html`<details><summary>Every evaluated epoch (${evaluated.length})</summary><div class="scroll"><table>
<thead><tr><th class="number">epoch</th><th class="number">loss</th>${names.map((name) => html`<th class="number">${name}</th>`)}<th class="number">${evaluated.some(isOfRows) ? 'rows' : 'tokens'}/s</th></tr></thead>
<tbody>${rows}</tbody></table></div></details>`;
}
