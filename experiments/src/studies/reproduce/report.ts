import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { figureOf } from '../../report/figure.ts';
import { html } from '../../report/html.ts';
import {
  type IntervalFigure,
  type IntervalPoint,
  intervalFigure,
  overSeeds,
} from '../../report/plots/interval-figure.ts';
import { renderPng } from '../../report/plots/png.ts';
import { standaloneSvg } from '../../report/plots/theme.ts';
import { page } from '../../report/report.ts';
import { tableSection } from '../../report/table-section.ts';
import { writeFileAtomic } from '../../run/folder/atomic.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import { costSection, type RunCost } from './cost.ts';
import { tableGains } from './gains.ts';
import { details, type Reproduction, results, seedsNote } from './sections.ts';
import { type Estimate, rowEstimates } from './verdict.ts';

interface Drawn extends IntervalFigure {
  /** Name of its files in `plots/`. */
  readonly name: string;
  readonly caption: string;
}

/** Writes `report.html`, and its figures as `plots/*.svg` and `plots/*.png`. */
export function writeReproductionReport(out: string, reproduction: Reproduction, costs: readonly RunCost[]): void {
  const { name, table, remarks, command } = reproduction;
  makeFolder(join(out, 'plots'));
  const figures = [...gainFigures(reproduction), ...metricFigures(reproduction)].map((figure) => {
    const svg = intervalFigure(figure);
    writeFileAtomic(join(out, 'plots', `${figure.name}.svg`), standaloneSvg(svg));
    writeFileSync(join(out, 'plots', `${figure.name}.png`), renderPng(svg));
    return figureOf((width) => intervalFigure({ ...figure, width }), figure.caption);
  });
  const tables = [
    ...results(reproduction),
    ...details(reproduction),
    ...(costs.length > 0 ? [costSection(costs)] : []),
  ];
  const body = html`<header><h1>${table.title}</h1>
<p class="soft small">${name} · ${table.source}</p>
${remarks.map((remark) => html`<p><strong>${remark}</strong></p>`)}
<p>${seedsNote(reproduction)}</p></header>
${figures}
${tables.map(tableSection)}
<h2>Protocol</h2><ul>${table.notes.map((note) => html`<li>${note}</li>`)}</ul>
<h2>Command</h2><pre>${command}</pre>`;
  writeFileAtomic(join(out, 'report.html'), page(`${table.title} · ${name}`, body));
}

/** One figure for each row that others are compared with. */
function gainFigures({ table, runs }: Reproduction): Drawn[] {
  const gains = tableGains(table, runs);
  return (table.gains ?? []).flatMap(({ over, rows: arms, metrics }, i) => {
    const series = arms.flatMap((arm) => {
      const points = gains
        .filter((gain) => gain.row === arm && gain.over === over)
        .map(({ metric, gain }) => intervalPoint(metric, gain, 100));
      return points.length === 0 ? [] : [{ name: arm, points }];
    });
    if (series.length === 0) return [];
    return {
      name: `gains-${i + 1}`,
      caption: `Relative gains over ${over}, paired by seed, with the 95 % interval of their mean. Right of 0 is better for every measure.`,
      series,
      rows: metrics,
      x: { label: `gain over ${over} (%)` },
      zero: true,
    };
  });
}

/** Of tables with published figures, one figure a metric: published and ours. */
function metricFigures(reproduction: Reproduction): Drawn[] {
  const { table, runs } = reproduction;
  const means = rowEstimates(table, runs);
  return table.metrics.flatMap((metric, i) => {
    const rows = table.rows.filter(({ name, paper }) => means.has(name) && paper[metric] !== undefined);
    const ours = rows.flatMap(({ name }) => {
      const found = means.get(name)?.[metric];
      return found === undefined ? [] : [intervalPoint(name, found, 1)];
    });
    if (ours.length === 0) return [];
    const paper = rows.map(({ name, paper: published }) => ({ row: name, mean: published[metric] }));
    return {
      name: `metric-${i + 1}`,
      caption: `${metric}: ours ${overSeeds(ours)}, and as published.`,
      series: [
        { name: 'ours', points: ours },
        { name: 'published', points: paper },
      ],
      rows: rows.map(({ name }) => name),
      x: { label: metric },
    };
  });
}

function intervalPoint(row: string, { mean, half }: Estimate, factor: number): IntervalPoint {
  return { row, mean: factor * mean, ...(half !== undefined && { half: factor * half }) };
}
