import { type Html, html, raw } from './html.ts';
import { NARROW_WIDTH, WIDTH } from './plots/figure.ts';

/** A figure of a page, drawn for both widths: shrunken to a narrow window its letters could not be read. */
export function figureOf(draw: (width: number) => string, caption: string): Html {
  return html`<figure><div class="wide">${raw(draw(WIDTH))}</div><div class="narrow">${raw(draw(NARROW_WIDTH))}</div>
<figcaption>${caption}</figcaption></figure>`;
}
