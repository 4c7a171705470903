import { formatCount } from '../../terminal/format.ts';
import { type Gain, shownGain, tableGains } from './gains.ts';
import { orderSections } from './order.ts';
import type { RowReach } from './reach.ts';
import type { Cells, Section } from './section.ts';
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

const FIGURES = ['model', 'metric', 'paper', 'ours', 'verdict'];
const BESIDE = ['model', 'metric', 'others', 'ours', 'verdict'];
const CLAIMS = ['claim', 'metric', 'ratio, paper', 'ratio, ours', 'verdict'];

/** What a figure of ours is. */
export function seedsNote({ runs, seeds }: Pick<Reproduction, 'runs' | 'seeds'>): string {
  if (seeds.length === 1) return `Ours: seed ${seeds[0]} alone, so no interval.`;
  const sorted = seeds.toSorted((a, b) => a - b).join(', ');
  const fewer = [...Map.groupBy(runs, ({ row }) => row)].filter(([, own]) => own.length < seeds.length);
  const of = fewer.map(
    ([row, own]) => `${row}: seed${own.length === 1 ? '' : 's'} ${own.map(({ seed }) => seed).join(', ')} alone`,
  );
  return [`Ours: mean of seeds ${sorted} and its 95 % interval (Student's t).`, ...of.map((each) => `${each}.`)].join(
    ' ',
  );
}

/** What the experiment says: relative gains, figures, claims, order; those without a row are absent. */
export function results(reproduction: Reproduction): readonly Section[] {
  const claims = { title: 'Claims', titles: CLAIMS, rows: claimRows(reproduction) };
  const { table, runs } = reproduction;
  return [...gains(reproduction), ...figures(reproduction), claims, ...orderSections(table, runs)].filter(
    ({ rows }) => rows.length > 0,
  );
}

/** What stands behind {@link results}: what windows held, and every seed; those without a row are absent. */
export function details(reproduction: Reproduction): readonly Section[] {
  const { table, runs } = reproduction;
  const perSeed = runs.map((run) => [
    run.row,
    String(run.seed),
    // Fewer epochs than the table tells of have no figure of the later ones.
    ...table.metrics.map((metric) => (run.metrics[metric] === undefined ? '' : short(run.metrics[metric]))),
    run.run,
  ]);
  const every = { title: 'Every seed', titles: ['model', 'seed', ...table.metrics, 'run'], rows: perSeed };
  return [besideSection(runs), reachSection(reproduction), every].filter(({ rows }) => rows.length > 0);
}

function gains({ table, runs }: Reproduction): Section[] {
  const all = tableGains(table, runs);
  return (table.gains ?? []).map(({ over, rows: arms, metrics }) => {
    const own = all.filter((gain) => gain.over === over);
    const present = arms.filter((arm) => own.some(({ row }) => row === arm));
    const cell = (arm: string, metric: string): string => {
      const gain = own.find((each) => each.row === arm && each.metric === metric);
      return gain === undefined ? '' : gainCell(gain);
    };
    return {
      title: `Relative gains over ${over}`,
      note: 'Paired by seed, their mean and its 95 % interval. Where less is better, a reduction is a gain. In brackets: the interval holds 0.',
      titles: ['metric', ...present],
      rows: present.length === 0 ? [] : metrics.map((metric) => [metric, ...present.map((arm) => cell(arm, metric))]),
    };
  });
}

function gainCell({ gain, verdict }: Gain): string {
  const text = shownGain(gain);
  return verdict === 'no difference beyond the interval' ? `(${text})` : text;
}

/**
 * Published figures and ours; with nothing published the models beside each other, those together that are
 * compared with the same row.
 */
function figures(reproduction: Reproduction): Section[] {
  const { table, runs } = reproduction;
  const title = 'Figures';
  if (table.references !== undefined || table.rows.some((row) => Object.keys(row.paper).length > 0))
    return [{ title, titles: table.references === undefined ? FIGURES : BESIDE, rows: figureRows(reproduction) }];
  const means = rowEstimates(table, runs);
  const present = groups(table).map((names) => names.filter((name) => means.has(name)));
  return present
    .filter((names) => names.length > 0)
    .map((names, _, all) => ({
      title: all.length > 1 ? `${title} beside ${names[0]}` : title,
      titles: ['metric', ...names],
      rows: table.metrics.map((metric) => [metric, ...names.map((name) => shown(means.get(name)?.[metric]))]),
    }));
}

/** Rows that are compared with the same row, that one first; last those that are not compared. */
function groups({ gains = [], rows }: PaperTable): string[][] {
  const compared = gains.map(({ over, rows: arms }) => [over, ...arms]);
  return [...compared, rows.map(({ name }) => name).filter((name) => !compared.flat().includes(name))];
}

function figureRows(reproduction: Reproduction): Cells[] {
  const { table, runs } = reproduction;
  const means = rowEstimates(table, runs);
  const beside = (table.references ?? []).flatMap(({ name, kind, figures: values }) =>
    table.metrics
      .filter((metric) => values[metric] !== undefined)
      .map((metric) => [
        name,
        metric,
        short(values[metric]),
        '',
        kind === 'published' ? 'published, no row of ours' : 'measured with another program',
      ]),
  );
  const own = table.rows.flatMap((row) =>
    table.metrics.flatMap((metric): Cells[] => {
      const ours = means.get(row.name)?.[metric];
      const paper = row.paper[metric];
      if (ours === undefined && paper === undefined) return [];
      const changed = runs.some((run) => run.row === row.name && run.changed !== undefined);
      const tolerance = changed ? undefined : table.tolerance?.[metric];
      const verdict = ours === undefined ? 'not run' : rowVerdict(ours, paper, tolerance);
      return [[row.name, metric, paper === undefined ? '' : short(paper), shown(ours), verdict]];
    }),
  );
  return [...beside, ...own];
}

function claimRows({ table, runs }: Reproduction): Cells[] {
  return claimVerdicts(table, runs).map(({ claim, metric, ours, paper, verdict }) => [
    claim,
    metric,
    paper?.toFixed(2) ?? '',
    ours?.toFixed(2) ?? '',
    verdict,
  ]);
}

/** Mean and half interval, both to the places of the mean. */
function shown(value: Estimate | undefined): string {
  if (value === undefined) return '';
  const { mean, half } = value;
  if (half === undefined) return short(mean);
  return `${short(mean)} ± ${Math.abs(mean) >= 10 ? half.toFixed(1) : short(half)}`;
}

/** In how many seeds a row is ahead of each baseline of its runs. */
function besideSection(runs: readonly SeedRun[]): Section {
  const rows = [...Map.groupBy(runs, (run) => run.row)].flatMap(([row, seeds]) => {
    const all = seeds.flatMap(({ beside = [] }) => beside);
    return [...Map.groupBy(all, ({ baseline }) => baseline)].map(([baseline, own]) => {
      const counts = (['loses', 'mixed', 'equals', 'beats'] as const).flatMap((outcome) => {
        const count = own.filter((each) => each.outcome === outcome).length;
        const words = { loses: 'loses', mixed: 'ahead and behind, by metric,', equals: 'equals', beats: 'beats' }[
          outcome
        ];
        return count === 0 ? [] : [`${words} in ${count}`];
      });
      return [row, baseline, `${counts.join(', ')} of ${own.length} seed${own.length === 1 ? '' : 's'}`];
    });
  });
  return {
    title: 'Beside baselines',
    note: 'On the test set. By how much, and whether beyond the interval, stands in the report of each run.',
    titles: ['model', 'baseline', 'verdict'],
    rows,
  };
}

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
