import * as Plot from '@observablehq/plot';

export interface EndLabel {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly colour: string;
}

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
  return placed.map((label) =>
    Plot.text([{ ...label, y: back(label.y) }], {
      x: 'x',
      y: 'y',
      text: 'name',
      textAnchor: 'start',
      dx: 9,
      fill: label.colour,
      fontWeight: 600,
    }),
  );
}

/** Labels moved apart until neighbours are at least `gap` away from each other, order kept, inside `ends` where they fit. */
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
