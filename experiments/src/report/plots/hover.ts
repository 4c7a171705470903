/** What stands under the pointer at one place of an axis. */
export interface Stop {
  readonly at: number | string;
  /** First where it is, then a value a line. */
  readonly lines: readonly string[];
}

/** Values that a figure shows under the pointer, along one of its axes. */
export interface Hover {
  readonly along: 'x' | 'y';
  readonly stops: readonly Stop[];
}

/** Pixels of the frame that marks lie in. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The values of lines at each x that one of them has; `at` writes the x. */
export function lineStops(
  lines: readonly { readonly name: string; readonly points: readonly { readonly x: number; readonly y: number }[] }[],
  at: (x: number) => string,
): Stop[] {
  const places = new Map<number, string[]>();
  for (const { name, points } of lines)
    for (const { x, y } of points) places.set(x, [...(places.get(x) ?? [at(x)]), `${name}  ${shownValue(y)}`]);
  return [...places].map(([x, texts]) => ({ at: x, lines: texts }));
}

/** Four digits; `.1234` for a share, as in tables, and `.00001234` for what is smaller than tables show. */
export function shownValue(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  const digits = size >= 1e-3 && size < 1 ? value.toFixed(4) : String(Number(value.toPrecision(4)));
  return digits.replace(/^(-?)0\./, '$1.');
}

/** Pixels of a letter; the first line is bold. */
const CHARACTER = 6.6;
const BOLD = 7.6;
const LINE = 15;
const PAD = 7;

/** Shown by the style sheet alone: no script, also in a file of its own. Where pointers are unknown it stays hidden. */
const STYLE =
  '<style>.stop .tip rect{fill:Canvas;stroke:currentColor;stroke-opacity:.35}.stop:hover .tip{visibility:visible}</style>';

/**
 * Invisible strips, one a stop, as wide as to the middle between neighbours; each shows its values
 * while the pointer is over it.
 */
export function hoverStrips({ along, stops }: Hover, frame: Frame, position: (at: number | string) => number): string {
  const [low, high] = along === 'x' ? [frame.left, frame.right] : [frame.top, frame.bottom];
  const placed = stops
    .map((stop) => ({ ...stop, place: position(stop.at) }))
    .filter(({ place }) => Number.isFinite(place))
    .toSorted((a, b) => a.place - b.place);
  const strips = placed.map(({ place, lines }, i) => {
    const from = i === 0 ? low : (placed[i - 1].place + place) / 2;
    const to = i === placed.length - 1 ? high : (place + placed[i + 1].place) / 2;
    const area =
      along === 'x'
        ? { x: from, y: frame.top, width: to - from, height: frame.bottom - frame.top }
        : { x: frame.left, y: from, width: frame.right - frame.left, height: to - from };
    const guide =
      along === 'x'
        ? `<line x1="${px(place)}" x2="${px(place)}" y1="${frame.top}" y2="${frame.bottom}" stroke="currentColor" stroke-opacity=".4"/>`
        : '';
    return `<g class="stop"><rect${attributes(area)} fill="none" pointer-events="all"/><g class="tip" visibility="hidden" pointer-events="none">${guide}${box(lines, along, place, frame)}</g></g>`;
  });
  return `${STYLE}${strips.join('')}`;
}

/** The values in a box, beside the pointer's place and inside the frame. */
function box(lines: readonly string[], along: 'x' | 'y', place: number, frame: Frame): string {
  const width = 2 * PAD + Math.max(...lines.map((line, i) => (i === 0 ? BOLD : CHARACTER) * line.length));
  const height = 2 * PAD + LINE * lines.length - 3;
  const middle = (frame.left + frame.right) / 2;
  const x = along === 'y' ? frame.right - width - 4 : place > middle ? place - width - 8 : place + 8;
  const y = along === 'x' ? frame.top + 4 : Math.max(frame.top, Math.min(place - height / 2, frame.bottom - height));
  const texts = lines.map((line, i) => {
    const weight = i === 0 ? ' font-weight="600"' : '';
    return `<text x="${px(x + PAD)}" y="${px(y + PAD + 10 + LINE * i)}" text-anchor="start" fill="currentColor"${weight}>${escaped(line)}</text>`;
  });
  return `<rect${attributes({ x, y, width, height })} rx="4"/>${texts.join('')}`;
}

function attributes(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${px(value)}"`)
    .join('');
}

function px(value: number): string {
  return String(Number(value.toFixed(1)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
