import { relative } from 'node:path';
import { readMetrics } from '../run/folder/metrics-log.ts';
import { type RunResults, type ScoredModel, warningsOf } from '../run/folder/results.ts';
import type { RunDir } from '../run/folder/run-dir.ts';
import { lossChart, type Series } from './charts.ts';
import { figureOf } from './figure.ts';
import { html } from './html.ts';
import { page } from './report.ts';
import { scoreTable } from './sections.ts';
import { verdictSection } from './verdict-section.ts';

export interface ComparedRun {
  readonly name: string;
  readonly run: RunDir;
  readonly results: RunResults;
}

/** A page that sets runs of one budget side by side: final metrics, loss curves, links to each report beside it. */
export function renderComparison(title: string, runs: readonly ComparedRun[]): string {
  const finals: ScoredModel[] = runs.flatMap(({ name, results }) =>
    results.final ? [{ ...results.final, name }] : [],
  );
  const loss: Series[] = runs.map(({ name, run }) => ({
    name: name.replace(/^.*\//, ''),
    points: readMetrics(run.metrics).flatMap((record) =>
      record.type === 'step' ? [{ x: record.step, y: record.loss }] : [],
    ),
  }));
  const beside = runs[0]?.results;
  const models = [...(beside?.baselines ?? []), ...(beside?.limits ?? []), ...finals];
  const links = runs.map(
    ({ name, run }) => html`<li><a href="${relative(`${run.path}/..`, run.report)}">${name}</a></li>`,
  );
  return page(
    title,
    html`<header><h1>${title}</h1><p class="soft small">${runs.map(({ run }) => run.id).join(' · ')}</p></header>
<h2>Result</h2>${scoreTable(models, new Set(finals.map((each) => each.name)))}
${warningsOf(models).map((text) => html`<p class="small">${text}</p>`)}
${runs.map(({ name, results }) => (results.verdict ? verdictSection(name, results.verdict, results.leftOut) : undefined))}
<h2>Training</h2>
${figureOf((width) => lossChart(loss, width), 'Loss of every step (faint) and its running mean.')}
<h2>How the numbers are defined</h2><ul>${(runs[0]?.results.definitions ?? []).map((line) => html`<li>${line}</li>`)}</ul>
<h2>The runs</h2><ul>${links}</ul>`,
  );
}
