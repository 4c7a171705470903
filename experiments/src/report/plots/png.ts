import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { paperOf, plainSvg, type Theme } from './theme.ts';

const fonts = join(dirname(fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/package.json'))), 'ttf');

/** A figure as a picture, twice its size in pixels; the same pixels on every machine, since the font comes along. */
export function renderPng(svg: string, theme: Theme = 'light'): Uint8Array {
  const renderer = new Resvg(plainSvg(svg, theme), {
    background: paperOf(theme),
    fitTo: { mode: 'zoom', value: 2 },
    font: {
      fontFiles: [join(fonts, 'DejaVuSans.ttf'), join(fonts, 'DejaVuSans-Bold.ttf')],
      loadSystemFonts: false,
      defaultFontFamily: 'DejaVu Sans',
    },
  });
  return renderer.render().asPng();
}
