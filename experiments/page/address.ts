import type { Catalogue } from './catalogue.ts';
import { type PageBackend, pageBackends, type StartOptions } from './protocol.ts';

/**
 * `?backend=simd|webgpu|cpu` and `?threads=N` of an address; without them `auto` and all threads.
 *
 * @throws Error naming what is possible.
 */
export function startOptionsOf(query: string): StartOptions {
  const given = new URLSearchParams(query);
  const backend = given.get('backend') ?? 'auto';
  if (backend !== 'auto' && !pageBackends.includes(backend as PageBackend)) {
    throw new Error(`?backend: expected one of ${pageBackends.join(', ')}; got '${backend}'`);
  }
  const threads = given.get('threads');
  if (threads !== null && !(/^[1-9]\d?$/.test(threads) && Number(threads) <= 64)) {
    throw new Error(`?threads: expected a whole number from 1 to 64; got '${threads}'`);
  }
  return { backend: backend as PageBackend | 'auto', ...(threads !== null && { threads: Number(threads) }) };
}

/** `#history=50,181`: a history in the address, by ids of the data file, oldest first. */
export function hashOf(catalogue: Catalogue, history: readonly number[]): string {
  if (history.length === 0) return '';
  return `#history=${history.map((item) => encodeURIComponent(catalogue.id(item))).join(',')}`;
}

/** The history of an address, and the ids in it that the catalogue does not have. */
export function historyOf(catalogue: Catalogue, hash: string): { items: number[]; unknown: string[] } {
  const [, list = ''] = /^#history=(.*)$/s.exec(hash) ?? [];
  const ids = list === '' ? [] : list.split(',').map(decoded);
  const items = ids.map((id) => catalogue.dense(id));
  return {
    items: items.filter((item) => item !== undefined),
    unknown: ids.filter((_, i) => items[i] === undefined),
  };
}

/** What the page says of ids that it does not know; nothing when there are none. */
export function unknownIds(catalogue: Catalogue, unknown: readonly string[]): string | undefined {
  if (unknown.length === 0) return undefined;
  const shown = unknown.slice(0, 5).map((id) => `'${id}'`);
  const more = unknown.length > shown.length ? ` and ${unknown.length - shown.length} more` : '';
  return `#history: expected ids of ${catalogue.about.dataset}; got ${shown.join(', ')}${more}, left out of the history`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
