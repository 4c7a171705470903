import * as Plot from '@observablehq/plot';

export interface EndLabel {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly colour: string;
  /** The symbol of the line, or `dashes` for one without; drawn before the name. */
  readonly mark?: Plot.SymbolType | 'dashes';
}

/** Pixels from the frame to the names, and to the marks before them. */
const NAME = 9;
const MARK = 17;
const NAME_AFTER_MARK = 26;

const XY = { x: 'x', y: 'y' } as const;

/** Names beside the ends of their lines, moved apart where they would overlap; `domain` are the ends of the y axis. */
export function endLabels(
  labels: readonly EndLabel[],
  options: { readonly domain: readonly [number, number]; readonly height: number; readonly logY?: boolean },
): Plot.Markish[] {
  const position = options.logY ? Math.log : (y: number) => y;
  const back = options.logY ? Math.exp : (y: number) => y;
  const ends = [position(options.domain[0]), position(options.domain[1])] as const;
  const placed = spread(
    labels.map((label) => ({ ...label, y: position(label.y) })),
    ((ends[1] - ends[0]) * 15) / (options.height - 72),
    ends,
  );
  const marked = labels.some(({ mark }) => mark !== undefined);
  return placed.flatMap((label) => {
    const at = [{ ...label, y: back(label.y) }];
    const text = (content: string, dx: number): Plot.Markish =>
      Plot.text(at, { ...XY, text: () => content, textAnchor: 'start', dx, fill: label.colour, fontWeight: 600 });
    const name = text(label.name, marked ? NAME_AFTER_MARK : NAME);
    if (label.mark === undefined) return [name];
    if (label.mark === 'dashes') return [text('--', NAME), name];
    const { colour, mark: symbol } = label;
    return [Plot.dot(at, { ...XY, dx: MARK, r: 3.5, symbol, fill: colour, stroke: colour }), name];
  });
}

/**
 * Labels moved apart until neighbours are at least `gap` away from each other, order kept,
 * inside `ends` where they fit.
 */
export function spread<T extends { readonly y: number }>(
  labels: readonly T[],
  gap: number,
  ends: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
): T[] {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  const places = sorted.map((label) => label.y);
  // Each sweep halves an overlap from both sides; a few settle any realistic number of labels.
  for (let sweep = 0; sweep < 50; sweep++) {
    for (let i = 1; i < places.length; i++) {
      const overlap = gap - (places[i] - places[i - 1]);
      if (overlap <= 0) continue;
      places[i - 1] -= overlap / 2;
      places[i] += overlap / 2;
    }
  }
  for (let i = 0; i < places.length; i++) places[i] = Math.max(places[i], i === 0 ? ends[0] : places[i - 1] + gap);
  for (let i = places.length - 1; i >= 0; i--)
    places[i] = Math.min(places[i], i === places.length - 1 ? ends[1] : places[i + 1] - gap);
  return sorted.map((label, i) => ({ ...label, y: places[i] }));
}
