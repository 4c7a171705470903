import { styleText } from 'node:util';
import { wrapText } from '../../terminal/format.ts';
import { tooFewUsers } from './bootstrap.ts';
import type { BaselineVerdict, VerdictDifference } from './verdict.ts';

/** Baselines that were asked for and not evaluated. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/** One sentence, and whether it is bad news. */
export interface VerdictLine {
  readonly text: string;
  readonly loses: boolean;
}

/** The verdict as a headline and one sentence for each baseline. */
export interface VerdictText {
  readonly headline: VerdictLine;
  readonly lines: readonly VerdictLine[];
  readonly note: string;
}

const note =
  'Differences are paired by user. Within the interval: the 95 % interval over users holds 0, so other users could turn it. It says nothing of other seeds.';

/** What is not over users. */
function overGroups(verdicts: readonly BaselineVerdict[]): string {
  const metrics = verdicts.flatMap(({ differences }) => differences.filter((each) => each.overGroups));
  if (metrics.length === 0) return '';
  const names = [...new Set(metrics.map(({ metric }) => metric))].join(', ');
  return ` ${names}: over groups, which hold rows of several users.`;
}

/** @param model its name, as the tables have it. */
export function verdictText(
  model: string,
  verdicts: readonly BaselineVerdict[],
  leftOut: readonly LeftOut[] = [],
): VerdictText {
  const loses = verdicts.some(behind);
  const split = verdicts[0]?.split;
  const named = (outcome: BaselineVerdict['outcome']): string[] =>
    verdicts.filter((each) => each.outcome === outcome).map((each) => each.baseline);
  const parts = [
    phrase('loses to', named('loses')),
    phrase('is ahead of and behind', named('mixed'), ', by metric'),
    phrase('equals', named('equals')),
    phrase('beats', named('beats')),
  ].filter((part) => part !== '');
  const headline =
    verdicts.length === 0
      ? `no verdict on ${model}: no baseline stands beside it`
      : `${model} on the ${split} set ${parts.join('; ')}`;
  return {
    headline: { text: headline, loses },
    lines: [
      ...verdicts.map((each) => ({ text: sentence(each), loses: behind(each) })),
      ...leftOut.map(({ name, reason }) => ({ text: `${name} is left out: ${reason}`, loses: false })),
    ],
    note: verdicts.length === 0 ? '' : `${note}${overGroups(verdicts)}`,
  };
}

/** For a terminal; what is lost is red where colours are wanted (a terminal, no NO_COLOR). */
export function renderVerdict(
  model: string,
  verdicts: readonly BaselineVerdict[],
  leftOut: readonly LeftOut[] = [],
): string {
  const { headline, lines, note: last } = verdictText(model, verdicts, leftOut);
  const red = ({ loses }: VerdictLine, text: string): string => (loses ? styleText('red', text) : text);
  const parts = [
    red(headline, wrapText(`verdict: ${headline.text}`, WIDTH)),
    ...lines.map((line) => red(line, `- ${wrapText(line.text, WIDTH, '  ').trimStart()}`)),
  ];
  return last === '' ? parts.join('\n') : `${parts.join('\n')}\n${wrapText(last, WIDTH)}`;
}

const WIDTH = 80;

function behind({ outcome }: BaselineVerdict): boolean {
  return outcome === 'loses' || outcome === 'mixed';
}

/** `loses to a, b and c`. */
function phrase(verb: string, names: readonly string[], after = ''): string {
  if (names.length === 0) return '';
  const last = names.length > 1 ? ` and ${names.at(-1)}` : names[0];
  return `${verb} ${names.slice(0, -1).join(', ')}${last}${after}`;
}

/** `loses to item-knn: HR@10 .1676 against .1718, -.0042 [-.0250, +.0170], within the interval; ...`. */
function sentence({ baseline, users, outcome, differences }: BaselineVerdict): string {
  const verb = { loses: 'loses to', beats: 'beats', equals: 'equals', mixed: 'is ahead of and behind' }[outcome];
  return `${verb} ${baseline}: ${differences.map((each) => clause(each, users)).join('; ')}`;
}

function clause(of: VerdictDifference, users = Number.POSITIVE_INFINITY): string {
  const { metric, a, b, difference, low, high } = of;
  const values = `${metric} ${figure(b)} against ${figure(a)}`;
  if (difference === 0) return `${values}, no difference`;
  const few = tooFewUsers(of.units ?? users, of.overGroups ? 'group' : 'user');
  if (few !== undefined) return `${values}, ${signed(difference)}, ${few}`;
  const sure = low > 0 || high < 0 ? 'beyond the interval' : 'within the interval';
  return `${values}, ${signed(difference)} [${signed(low)}, ${signed(high)}], ${sure}`;
}

/** `.1676`, as papers print shares. */
function figure(value: number): string {
  return value.toFixed(4).replace(/^(-?)0\./, '$1.');
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${figure(value)}`;
}
