type Child = Node | string | undefined;

/** An element with properties and children; text is never read as markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<Omit<HTMLElementTagNameMap[K], 'dataset'>> & {
    readonly data?: Readonly<Record<string, string>>;
  } = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const { data, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, data);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** An element of `index.html`. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`page: expected an element #${id} in index.html; there is none`);
  return found as T;
}
