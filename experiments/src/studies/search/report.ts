import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Dimension, settingsInCell } from '../../config/search-space.ts';
import { figureOf } from '../../report/figure.ts';
import { html } from '../../report/html.ts';
import { type Line, type LineFigure, lineFigure, siNumber } from '../../report/plots/line-figure.ts';
import { renderPng } from '../../report/plots/png.ts';
import { standaloneSvg } from '../../report/plots/theme.ts';
import { page } from '../../report/report.ts';
import { type TableSection, tableSection } from '../../report/table-section.ts';
import { writeFileAtomic } from '../../run/folder/atomic.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import type { SearchResult, TrialRow } from './result.ts';
import { searchSentences, trialSection } from './sections.ts';

interface Drawn {
  /** Name of its files in `plots/`. */
  readonly name: string;
  readonly caption: string;
  readonly figure: LineFigure;
}

/** How many trials have their name at their line. */
const NAMED = 5;

/** Writes `report.html`, and its figures as `plots/*.svg` and `plots/*.png`. */
export function writeSearchReport(
  out: string,
  result: SearchResult,
  {
    command,
    yaml,
    further = [],
  }: { readonly command: string; readonly yaml?: string; readonly further?: readonly TableSection[] },
): void {
  makeFolder(join(out, 'plots'));
  const figures = drawnFigures(result).map(({ name, caption, figure }) => {
    const svg = lineFigure(figure);
    writeFileAtomic(join(out, 'plots', `${name}.svg`), standaloneSvg(svg));
    writeFileSync(join(out, 'plots', `${name}.png`), renderPng(svg));
    return figureOf((width) => lineFigure({ ...figure, width }), caption);
  });
  const { recipe } = result.request;
  const body = html`<header><h1>Search: <span>${recipe}</span></h1>
${searchSentences(result).map((line) => html`<p>${line}</p>`)}</header>
${further.map(tableSection)}
${figures}
${tableSection(trialSection(result))}
${yaml === undefined ? undefined : html`<h2>The winner</h2><details><summary>winner.yaml</summary><pre>${yaml}</pre></details>`}
<h2>Command</h2><pre>${command}</pre>`;
  writeFileAtomic(join(out, 'report.html'), page(`Search · ${recipe}`, body));
}

function drawnFigures(result: SearchResult): Drawn[] {
  const { trials, metric, request } = result;
  const best = [...trials]
    .filter(({ value }) => value !== undefined)
    .sort((a, b) => (b.value as number) - (a.value as number));
  if (best.length === 0) return [];
  return [...curves(best, metric), ...request.space.flatMap((each, i) => byKey(result, each, `key-${i + 1}`))];
}

/** The metric of every trial against epochs and, where operations are counted, against those. */
function curves(best: readonly TrialRow[], metric: string): Drawn[] {
  const lines = (at: (row: TrialRow, point: number) => number): Line[] =>
    best.map((row, i) => ({
      name: `trial ${row.trial}`,
      points: row.curve.map(([, y], point) => ({ x: at(row, point), y })),
      colour: i,
      style: 'measured',
      label: i < NAMED,
    }));
  const named = `Each line a trial; the ${Math.min(NAMED, best.length)} best have their names.`;
  const byEpoch: Drawn = {
    name: 'epochs',
    caption: `${metric} on the validation set against epochs. ${named}`,
    figure: {
      lines: lines(({ curve }, point) => curve[point][0]),
      x: { label: 'epoch' },
      y: { label: metric },
      height: 380,
    },
  };
  if (best.some(({ curveFlops }) => curveFlops === undefined)) return [byEpoch];
  const x = { label: 'training compute (FLOP, log scale)', log: true, format: siNumber };
  const byFlops: Drawn = {
    name: 'flops',
    caption: `${metric} on the validation set against training compute. ${named}`,
    figure: {
      lines: lines(({ curveFlops = [] }, point) => curveFlops[point]),
      ...{ x, y: { label: metric }, height: 380 },
    },
  };
  return [byEpoch, byFlops];
}

/** The metric against a key of the space, at each rung: within one all trials had the same epochs. */
function byKey({ trials, rungs, journal, metric }: SearchResult, dimension: Dimension, file: string): Drawn[] {
  const { from, keys, name } = dimension;
  const { position, format, ticks } = scaleOf(dimension);
  const lines = rungs.flatMap(({ epochs }, k): Line[] => {
    const points = journal
      // Epochs by which a budget in time is planned are part of the first rung, or all of it.
      .filter(({ rung, epochs: own, failed }) => Math.max(0, rung) === k && own >= epochs && failed === undefined)
      .flatMap(({ trial, value }) =>
        value === undefined ? [] : [{ x: position(trials[trial].settings[keys[0]], trials[trial]), y: value }],
      )
      .sort((a, b) => a.x - b.x || a.y - b.y);
    if (points.length === 0) return [];
    // A line would join trials that have nothing in common: points alone, the last of which has the name.
    return points.map((point, i) => ({
      name: `epoch ${epochs}`,
      points: [point],
      colour: k,
      style: 'measured',
      label: i === points.length - 1,
    }));
  });
  if (lines.length === 0) return [];
  const log = from.kind === 'range' && from.log;
  return [
    {
      name: file,
      caption: `${metric} on the validation set against ${name}, at each rung: a point is a trial.`,
      figure: {
        lines,
        x: {
          label: `${name}${log ? ' (log scale)' : ''}`,
          log,
          ...(format && { format }),
          ...(ticks && { ticks, include: ticks }),
        },
        y: { label: metric },
      },
    },
  ];
}

/** Where a setting stands: a number at its value, a choice at its place in the list. */
function scaleOf({ from, keys }: Dimension): {
  readonly position: (text: string, row: TrialRow) => number;
  readonly format?: (value: number) => string;
  readonly ticks?: readonly number[];
} {
  if (from.kind === 'range') return { position: Number, format: (value) => String(Number(value.toPrecision(3))) };
  const { choices } = from;
  const names = choices.map((each) => settingsInCell({ keys }, each));
  return {
    position: (_, { settings }) => choices.findIndex((each) => keys.every((key) => each[key] === settings[key])),
    format: (value) => names[value] ?? '',
    ticks: choices.map((_, i) => i),
  };
}
