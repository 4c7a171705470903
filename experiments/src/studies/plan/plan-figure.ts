import { type Line, type LineFigure, lineFigure, siNumber } from '../../report/plots/line-figure.ts';
import { standaloneSvg } from '../../report/plots/theme.ts';
import type { PlanResult } from './plan.ts';
import type { PlanPoint } from './points.ts';

/** The predicted time of a step against ranks, a line a network, beside the time of one rank over their number. */
export function planTimeFigure(plan: PlanResult): string {
  // One rank computes the same on any network, without cores to share: one law is that of all.
  const [{ points }] = plan.networks;
  const law: Line = {
    name: 'time of one rank / R',
    points: points.map(({ ranks }) => ({ x: ranks, y: (1000 * points[0].seconds) / ranks })),
    ...{ colour: plan.networks.length, style: 'law', label: true },
  };
  return figureOf(plan, 'predicted time of a step (ms, log scale)', (point) => 1000 * point.seconds, [law]);
}

/** The bytes that the rank sends which sends most. */
export function planBytesFigure(plan: PlanResult): string {
  return figureOf(plan, 'bytes that a rank sends in a step, most (log scale)', ({ sentMost }) => sentMost, []);
}

function figureOf(
  { networks, recipe }: PlanResult,
  label: string,
  read: (point: PlanPoint) => number,
  laws: readonly Line[],
): string {
  const lines = networks.map(({ network, points }, i): Line => {
    return {
      name: network.name,
      // Nothing has no place on a log scale: one rank sends nothing.
      points: points.map((point) => ({ x: point.ranks, y: read(point) })).filter(({ y }) => y > 0),
      ...{ colour: i, style: 'measured', label: true },
    };
  });
  const figure: LineFigure = {
    lines: [...lines, ...laws],
    x: {
      label: `ranks, R (log scale), ${recipe}`,
      log: true,
      ticks: [...new Set(networks.flatMap(({ points }) => points.map(({ ranks }) => ranks)))],
      format: (value) => String(value),
    },
    y: { label, log: true, format: siNumber },
    height: 380,
  };
  return standaloneSvg(lineFigure(figure));
}
