import type { Catalogue } from './catalogue.ts';
import { codeMarks, type ShowPrefix } from './code-marks.ts';
import { type ShownScore, shownScore } from './code-score.ts';
import { element } from './dom.ts';
import type { Shown } from './session.ts';
import { type Similarity, shownSimilarity } from './vector-score.ts';

/** A history, newest first; each entry can be taken out. Entries that stay are not made again. */
export class HistoryList {
  readonly #list: HTMLElement;
  readonly #catalogue: Catalogue;
  readonly #onPrefix: ShowPrefix;
  #shown: readonly number[] = [];

  constructor(list: HTMLElement, catalogue: Catalogue, onRemove: (place: number) => void, onPrefix: ShowPrefix) {
    this.#list = list;
    this.#catalogue = catalogue;
    this.#onPrefix = onPrefix;
    list.addEventListener('click', ({ target }) => {
      const entry = (target as Element).closest('.remove')?.parentElement;
      if (entry) onRemove(list.children.length - 1 - Array.prototype.indexOf.call(list.children, entry));
    });
  }

  show(history: readonly number[]): void {
    const { children } = this.#list;
    const { before, after } = common(this.#shown, history);
    for (let gone = this.#shown.length - before - after; gone > 0; gone--) children[after].remove();
    const made = history.slice(before, history.length - after).map((item) => this.#entry(item));
    if (after < children.length) children[after].before(...made.reverse());
    else this.#list.append(...made.reverse());
    this.#shown = history;
  }

  #entry(item: number): HTMLElement {
    const catalogue = this.#catalogue;
    const remove = element('button', { type: 'button', className: 'remove', title: 'Remove' }, '×');
    remove.setAttribute('aria-label', `Remove ${catalogue.title(item)} from your history`);
    const marks = codeMarks(catalogue.codes(item), this.#onPrefix);
    return element('li', { data: { item: catalogue.id(item) } }, nameOf(catalogue, item), marks, remove);
  }
}

/** Entries that two histories have in common at their beginnings and, of the others, at their ends. */
function common(a: readonly number[], b: readonly number[]): { readonly before: number; readonly after: number } {
  const shorter = Math.min(a.length, b.length);
  let before = 0;
  while (before < shorter && a[before] === b[before]) before++;
  let after = 0;
  while (after < shorter - before && a[a.length - 1 - after] === b[b.length - 1 - after]) after++;
  return { before, after };
}

interface ChoiceOptions {
  readonly onAdd: (item: number) => void;
  readonly onPrefix: ShowPrefix;
  /** Of a model that scores by vectors. */
  readonly similarity?: Similarity;
}

/** Shows items as buttons that put them into the history; with scores where there are. */
export function renderChoices(
  list: HTMLElement,
  catalogue: Catalogue,
  items: readonly (Pick<Shown, 'item'> & Partial<Shown>)[],
  { onAdd, onPrefix, similarity = 'cosine' }: ChoiceOptions,
): void {
  const { codes } = catalogue.about;
  const shown = (score: number): ShownScore =>
    codes === undefined ? shownSimilarity(score, similarity) : shownScore(score, codes);
  list.replaceChildren(
    ...items.map(({ item, score }) => {
      const add = element(
        'button',
        { type: 'button', className: 'add', title: 'Add to your history' },
        element('span', { className: 'hidden-text' }, 'Add to your history: '),
        nameOf(catalogue, item),
        score === undefined ? undefined : scoreOf(shown(score)),
        plus(),
      );
      add.addEventListener('click', () => onAdd(item));
      const data = { item: catalogue.id(item), ...(score !== undefined && { score: String(score) }) };
      return element('li', { data }, add, codeMarks(catalogue.codes(item), onPrefix));
    }),
  );
}

function nameOf(catalogue: Catalogue, item: number): HTMLElement {
  const categories = catalogue.categories(item);
  return element(
    'span',
    { className: 'name' },
    element('span', { className: 'title' }, catalogue.title(item)),
    categories.length === 0 ? undefined : element('span', { className: 'soft categories' }, categories.join(' · ')),
  );
}

/** A score, with a bar where it is a share of 1. */
function scoreOf({ share, text, title }: ShownScore): HTMLElement {
  return element(
    'span',
    { className: 'score', title },
    element('span', { className: 'hidden-text' }, ', score '),
    share === undefined ? undefined : barOf(share),
    element('span', { className: 'number' }, text),
  );
}

function barOf(share: number): HTMLElement {
  const filled = element('span', { className: 'filled' });
  filled.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  const bar = element('span', { className: 'bar' }, filled);
  bar.setAttribute('aria-hidden', 'true');
  return bar;
}

function plus(): HTMLElement {
  const sign = element('span', { className: 'sign' }, '+');
  sign.setAttribute('aria-hidden', 'true');
  return sign;
}
