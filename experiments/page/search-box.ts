import type { Catalogue } from './catalogue.ts';
import { byId, element } from './dom.ts';
import { searchIndex } from './search.ts';

const SHOWN = 8;

/** The combobox: finds titles while somebody types; arrows, Enter and Escape work as in any other. */
export function searchBox(catalogue: Catalogue, onChoose: (item: number) => void): HTMLInputElement {
  const input = byId<HTMLInputElement>('search');
  const list = byId('found');
  const count = byId('found-count');
  const index = searchIndex(catalogue);
  let items: readonly number[] = [];
  let active = -1;

  const close = () => {
    items = [];
    active = -1;
    list.hidden = true;
    list.replaceChildren();
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const mark = (place: number) => {
    active = place;
    for (const [i, option] of [...list.children].entries()) option.setAttribute('aria-selected', String(i === place));
    if (place < 0) input.removeAttribute('aria-activedescendant');
    else input.setAttribute('aria-activedescendant', list.children[place].id);
    list.children[place]?.scrollIntoView({ block: 'nearest' });
  };
  const choose = (item: number) => {
    input.value = '';
    count.textContent = '';
    close();
    onChoose(item);
  };
  const update = () => {
    const { items: found, total } = index.search(input.value, SHOWN);
    if (input.value.trim() === '') {
      count.textContent = '';
      return close();
    }
    count.classList.toggle('hidden-text', total > 0);
    if (total === 0) {
      count.textContent = 'No title holds these words.';
      return close();
    }
    items = found;
    list.replaceChildren(...found.map((item, i) => optionOf(catalogue, item, i)));
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    count.textContent = total > SHOWN ? `${total} titles, the first ${SHOWN} shown` : `${total} titles`;
    mark(0);
  };

  input.addEventListener('input', update);
  input.addEventListener('focus', update);
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      if (list.hidden) update();
      else if (items.length > 0) mark((active + steps[event.key] + items.length) % items.length);
    } else if (event.key === 'Enter' && active >= 0) {
      event.preventDefault();
      choose(items[active]);
    } else if (event.key === 'Escape') {
      if (list.hidden) input.value = '';
      close();
    }
  });
  // The focus stays in the field while somebody clicks an option.
  list.addEventListener('pointerdown', (event) => event.preventDefault());
  list.addEventListener('click', ({ target }) => {
    const option = (target as Element).closest<HTMLElement>('[role=option]');
    if (option !== null) choose(Number(option.dataset.item));
  });
  return input;
}

function optionOf(catalogue: Catalogue, item: number, place: number): HTMLLIElement {
  const option = element(
    'li',
    { id: `found-${place}`, role: 'option', data: { item: String(item) } },
    element('span', { className: 'title' }, catalogue.title(item)),
    element('span', { className: 'soft categories' }, catalogue.categories(item).join(' · ')),
  );
  option.setAttribute('aria-selected', 'false');
  return option;
}
