export interface Bar {
  readonly label: string;
  readonly count: number;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Horizontal bars with eighth-of-a-cell resolution; the longest takes `width` cells. A non-zero count always shows. */
export function renderHistogram(bars: readonly Bar[], width = 40): string {
  const longest = Math.max(1, ...bars.map((bar) => bar.count));
  const labelWidth = Math.max(...bars.map((bar) => bar.label.length));
  return bars
    .map((bar) => {
      const eighths = bar.count === 0 ? 0 : Math.max(1, Math.round((bar.count / longest) * width * 8));
      const drawn = '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
      return `  ${bar.label.padStart(labelWidth)} │${drawn} ${bar.count.toLocaleString('en-US')}`;
    })
    .join('\n');
}
