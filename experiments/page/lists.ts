import type { Recommendation } from '@seqrec/models';
import type { Catalogue } from './catalogue.ts';
import { element } from './dom.ts';

/** Shows a history, newest first; each entry can be taken out. */
export function renderHistory(
  list: HTMLElement,
  catalogue: Catalogue,
  history: readonly number[],
  onRemove: (place: number) => void,
): void {
  const entries = history.map((item, place) => {
    const remove = element('button', { type: 'button', className: 'remove', title: 'Remove' }, '×');
    remove.setAttribute('aria-label', `Remove ${catalogue.title(item)} from your history`);
    remove.addEventListener('click', () => onRemove(place));
    return element('li', { data: { item: catalogue.id(item) } }, nameOf(catalogue, item), remove);
  });
  list.replaceChildren(...entries.reverse());
}

/** Shows items as buttons that put them into the history; with scores where there are. */
export function renderChoices(
  list: HTMLElement,
  catalogue: Catalogue,
  items: readonly (Pick<Recommendation, 'item'> & Partial<Recommendation>)[],
  onAdd: (item: number) => void,
): void {
  list.replaceChildren(
    ...items.map(({ item, score }) => {
      const add = element(
        'button',
        { type: 'button', className: 'add', title: 'Add to your history' },
        element('span', { className: 'hidden-text' }, 'Add to your history: '),
        nameOf(catalogue, item),
        score === undefined ? undefined : scoreOf(score),
        plus(),
      );
      add.addEventListener('click', () => onAdd(item));
      const data = { item: catalogue.id(item), ...(score !== undefined && { score: String(score) }) };
      return element('li', { data }, add);
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

function scoreOf(score: number): HTMLElement {
  const filled = element('span', { className: 'filled' });
  filled.style.width = `${Math.max(0, Math.min(1, score)) * 100}%`;
  const bar = element('span', { className: 'bar' }, filled);
  bar.setAttribute('aria-hidden', 'true');
  return element(
    'span',
    { className: 'score', title: `cosine ${score}` },
    element('span', { className: 'hidden-text' }, ', score '),
    bar,
    element('span', { className: 'number' }, score.toFixed(3)),
  );
}

function plus(): HTMLElement {
  const sign = element('span', { className: 'sign' }, '+');
  sign.setAttribute('aria-hidden', 'true');
  return sign;
}
