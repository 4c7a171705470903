import * as Plot from '@observablehq/plot';

export interface EndLabel {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly colour: string;
}

/** Names beside the ends of their lines, moved apart where they would overlap; `span` is what the height of the plot spans. */
export function endLabels(
  labels: readonly EndLabel[],
  options: { readonly span: number; readonly height: number; readonly logY?: boolean },
): Plot.Markish[] {
  const position = options.logY ? Math.log : (y: number) => y;
  const back = options.logY ? Math.exp : (y: number) => y;
  const placed = spread(
    labels.map((label) => ({ ...label, y: position(label.y) })),
    (options.span * 15) / (options.height - 72),
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

/** Labels moved apart until neighbours are at least `gap` away from each other, order kept. */
export function spread<T extends { readonly y: number }>(labels: readonly T[], gap: number): T[] {
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
  return sorted.map((label, i) => ({ ...label, y: places[i] }));
}
