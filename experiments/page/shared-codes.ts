import type { Catalogue } from './catalogue.ts';
import { byId } from './dom.ts';
import { renderChoices } from './lists.ts';

/** Titles that are shown at most. */
const MOST = 20;

/** The panel of items whose codes begin alike. */
export class SharedCodes {
  readonly #panel = byId('shared');
  readonly #title = byId('shared-title');
  readonly #list = byId('shared-items');
  readonly #catalogue: Catalogue;
  readonly #onAdd: (item: number) => void;

  constructor(catalogue: Catalogue, onAdd: (item: number) => void) {
    this.#catalogue = catalogue;
    this.#onAdd = onAdd;
    byId('shared-close').addEventListener('click', () => {
      this.#panel.hidden = true;
    });
  }

  /** Shows the items whose codes begin so, most events first. */
  show(prefix: readonly number[]): void {
    const items = this.#catalogue.sharing(prefix);
    const more = items.length > MOST ? `, ${MOST} of them below` : '';
    const count = `${items.length.toLocaleString('en')} title${items.length === 1 ? '' : 's'}`;
    this.#title.textContent = `Codes that begin with ${prefix.join('.')}: ${count}${more}`;
    const shown = items.slice(0, MOST).map((item) => ({ item }));
    const onPrefix = (other: readonly number[]): void => this.show(other);
    renderChoices(this.#list, this.#catalogue, shown, { onAdd: this.#onAdd, onPrefix });
    this.#panel.hidden = false;
    this.#panel.scrollIntoView({ block: 'nearest' });
  }
}
