import { formatCount } from '../terminal/format.ts';
import { shownGain, tableGains } from './gains.ts';
import { markdownTable } from './markdown.ts';
import type { RowReach } from './reach.ts';
import type { SeedRun } from './seeds.ts';
import type { PaperTable } from './table.ts';
import { claimVerdicts, type Estimate, rowEstimates, rowVerdict, short } from './verdict.ts';

/** Everything that a reproduced table says. */
export interface Reproduction {
  readonly name: string;
  readonly table: PaperTable;
  readonly runs: readonly SeedRun[];
  readonly seeds: readonly number[];
  /** What was changed on the command line, and other deviations. */
  readonly remarks: readonly string[];
  readonly command: string;
  /** Of tables that compare windows. */
  readonly reach?: readonly RowReach[];
}

type Cells = readonly string[];

/** What a figure of ours is. */
export function seedsNote(seeds: readonly number[]): string {
  if (seeds.length === 1) return `Ours: seed ${seeds[0]} alone, so no interval.`;
  return `Ours: mean of seeds ${seeds.join(', ')} and its 95 % interval (Student's t).`;
}

/** Without anything published only what was measured. */
function figures(reproduction: Reproduction): { readonly titles: Cells; readonly rows: Cells[] } {
  const rows = figureRows(reproduction);
  if (reproduction.table.rows.some((row) => Object.keys(row.paper).length > 0)) return { titles: FIGURES, rows };
  return { titles: ['model', 'metric', 'ours'], rows: rows.map(([model, metric, , ours]) => [model, metric, ours]) };
}

function gainRows({ table, runs }: Reproduction): Cells[] {
  return tableGains(table, runs).map(({ row, over, metric, ours, base, gain, verdict }) => [
    row,
    metric,
    short(ours),
    `${over}: ${short(base)}`,
    shownGain(gain),
    verdict,
  ]);
}

function figureRows(reproduction: Reproduction): Cells[] {
  const { table, runs } = reproduction;
  const means = rowEstimates(table, runs);
  return table.rows.flatMap((row) =>
    table.metrics.map((metric) => {
      const ours = means.get(row.name)?.[metric];
      const paper = row.paper[metric];
      const verdict = ours === undefined ? 'not run' : rowVerdict(ours, paper, table.tolerance?.[metric]);
      return [row.name, metric, paper === undefined ? '' : short(paper), shown(ours), verdict];
    }),
  );
}

function claimRows({ table, runs }: Reproduction): Cells[] {
  return claimVerdicts(table, runs).map(({ claim, metric, ours, paper, verdict }) => [
    claim,
    metric,
    paper?.toFixed(2) ?? '',
    ours.toFixed(2),
    verdict,
  ]);
}

function shown(value: Estimate | undefined): string {
  if (value === undefined) return '';
  return value.half === undefined ? short(value.mean) : `${short(value.mean)} ± ${short(value.half)}`;
}

const FIGURES = ['model', 'metric', 'paper', 'ours', 'verdict'];
const CLAIMS = ['claim', 'metric', 'ratio, paper', 'ratio, ours', 'verdict'];
const GAINS = ['model', 'metric', 'ours', 'over', 'relative gain', 'verdict'];

/** A table of the page. */
export interface Section {
  readonly title: string;
  readonly note?: string;
  readonly titles: Cells;
  readonly rows: readonly Cells[];
}

/** Gains, figures, claims, windows and every seed; those without a row are absent. */
export function sections(reproduction: Reproduction): readonly Section[] {
  const { table, runs } = reproduction;
  const perSeed = runs.map((run) => [
    run.row,
    String(run.seed),
    ...table.metrics.map((metric) => short(run.metrics[metric])),
    run.run,
  ]);
  const all: Section[] = [
    {
      title: 'Relative gains',
      note: 'Relative gains: paired by seed, their mean and its 95 % interval, percent of the row compared with. Where less is better, a reduction is a gain.',
      titles: GAINS,
      rows: gainRows(reproduction),
    },
    { title: 'Figures', ...figures(reproduction) },
    { title: 'Claims', titles: CLAIMS, rows: claimRows(reproduction) },
    reachSection(reproduction),
    { title: 'Every seed', titles: ['model', 'seed', ...table.metrics, 'run'], rows: perSeed },
  ];
  return all.filter(({ rows }) => rows.length > 0);
}

/** The table as a Markdown page: figures, claims, every seed, protocol, command. */
export function renderMarkdown(reproduction: Reproduction): string {
  const { name, table, remarks, seeds, command } = reproduction;
  const page = sections(reproduction);
  const above = page.filter(({ title }) => ABOVE.includes(title));
  const below = page.filter(({ title }) => !ABOVE.includes(title));
  const body = ({ note, titles, rows }: Section): string[] => [
    ...(note === undefined ? [] : [note]),
    markdownTable(titles, rows),
  ];
  return `${[
    `# ${name}: ${table.title}`,
    `Source: ${table.source}.`,
    ...remarks.map((remark) => `**${remark}**`),
    seedsNote(seeds),
    ...above.flatMap(body),
    table.notes.map((note) => `- ${note}`).join('\n'),
    ...below.flatMap((section) => [`## ${section.title}`, ...body(section)]),
    `\`${command}\``,
  ].join('\n\n')}\n`;
}

/** Sections that stand before the protocol, and need no heading. */
const ABOVE: readonly string[] = ['Relative gains', 'Figures', 'Claims'];

/** Which training positions the windows of each row held. */
function reachSection({ reach = [], seeds }: Reproduction): Section {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return {
    title: 'What the windows hold',
    note: `Windows and tokens of all epochs, seed ${seeds[0]}; tokens over those of the newest windows; share of the training positions (an event and its next one) in at least one window, after a tenth of the epochs and after all.`,
    titles: ['model', 'epochs', 'windows', 'tokens', 'over the newest', 'covered, first tenth', 'covered'],
    rows: reach.map(({ row, epochs, examples, tokens, cost, coveredEarly, covered }) => [
      row,
      String(epochs),
      formatCount(examples),
      formatCount(tokens),
      cost.toFixed(2),
      percent(coveredEarly),
      percent(covered),
    ]),
  };
}

/** Figures and claims as two LaTeX tables (package `booktabs`). */
export function renderLatex(reproduction: Reproduction): string {
  const { name, table, seeds } = reproduction;
  const ours = seeds.length === 1 ? 'one seed' : `mean of ${seeds.length} seeds, 95 % interval`;
  const caption = `${table.title}. Ours: ${ours}. Source: ${table.source}.`;
  const claims = claimRows(reproduction);
  const gains = gainRows(reproduction);
  const { titles, rows } = figures(reproduction);
  return [
    `% ${reproduction.command}`,
    ...(gains.length > 0 ? [latexTable(GAINS, gains, `Relative gains of ${table.title}.`, `${name}-gains`)] : []),
    latexTable(titles, rows, caption, name),
    ...(claims.length > 0 ? [latexTable(CLAIMS, claims, `Claims of ${table.title}.`, `${name}-claims`)] : []),
  ].join('\n\n');
}

function latexTable(titles: Cells, rows: readonly Cells[], caption: string, label: string): string {
  const line = (cells: Cells): string => `    ${cells.map(latexText).join(' & ')} \\\\`;
  return `\\begin{table}
  \\centering
  \\begin{tabular}{${'l'.repeat(titles.length)}}
    \\toprule
${line(titles)}
    \\midrule
${rows.map(line).join('\n')}
    \\bottomrule
  \\end{tabular}
  \\caption{${latexText(caption)}}
  \\label{tab:${label.replaceAll('/', '-')}}
\\end{table}
`;
}

function latexText(text: string): string {
  return text
    .replaceAll(/[\\{}]/g, '')
    .replaceAll(/[%&#_$]/g, (special) => `\\${special}`)
    .replaceAll('±', '$\\pm$')
    .replaceAll('>', '$>$');
}
