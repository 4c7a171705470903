/**
 * Colours of series: told apart with the common colour deficiencies, by lightness too, with a contrast of at least 4
 * to 1 on their paper. After Okabe and Ito's palette, darkened for white and lightened for near-black.
 */
const light = ['#0068a8', '#c4500a', '#00805c', '#a8488a', '#7a5c00', '#4a4f57', '#5b4bc4', '#8a2b2b'];
const dark = ['#56b4e9', '#f0884a', '#2fc79a', '#e08cc0', '#e3c04b', '#b6bcc4', '#a79bf5', '#ef8f8f'];

const paper = { light: '#fdfdfc', dark: '#15181c' };
const ink = { light: '#1d2126', dark: '#e4e7ea' };

export type Theme = 'light' | 'dark';

/** Style variable of the `i`-th series; a page defines it with {@link paletteStyle}. */
export function seriesColour(i: number): string {
  return `var(--series-${i % light.length})`;
}

/** The variables of the palette, light by default and dark where the reader prefers it. */
export const paletteStyle = `:root { ${variables(light)} }
@media (prefers-color-scheme: dark) { :root { ${variables(dark)} } }`;

/** A figure as a file of its own: with a paper, and in both themes where the viewer tells which. */
export function standaloneSvg(svg: string): string {
  const style = `<style>svg { color: ${ink.light}; background: ${paper.light}; font-family: ui-sans-serif, system-ui, "DejaVu Sans", Arial, sans-serif; }
@media (prefers-color-scheme: dark) { svg { color: ${ink.dark}; background: ${paper.dark}; } }
${paletteStyle}</style>`;
  return svg.replace(/>/, `>${style}`);
}

/** A figure with all colours written out, for renderers that know no style variables. */
export function plainSvg(svg: string, theme: Theme): string {
  const colours = theme === 'light' ? light : dark;
  return svg
    .replaceAll(/var\(--series-(\d+)\)/g, (_, i: string) => colours[Number(i)])
    .replaceAll('currentColor', ink[theme])
    .replaceAll('inherit', 'DejaVu Sans');
}

export function paperOf(theme: Theme): string {
  return paper[theme];
}

function variables(colours: readonly string[]): string {
  return colours.map((colour, i) => `--series-${i}: ${colour};`).join(' ');
}
