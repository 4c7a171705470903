import type { Catalogue } from './catalogue.ts';
import { type PageBackend, pageBackends, type StartOptions } from './engine.ts';

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
  if (threads !== null && !/^[1-9]\d?$/.test(threads)) {
    throw new Error(`?threads: expected a whole number from 1; got '${threads}'`);
  }
  return { backend: backend as PageBackend | 'auto', ...(threads !== null && { threads: Number(threads) }) };
}

/** `#history=50,181`: a history in the address, by ids of the data file, oldest first. */
export function hashOf(catalogue: Catalogue, history: readonly number[]): string {
  if (history.length === 0) return '';
  return `#history=${history.map((item) => encodeURIComponent(catalogue.id(item))).join(',')}`;
}

/** The history of an address; ids that the catalogue does not have are left out. */
export function historyOf(catalogue: Catalogue, hash: string): number[] {
  const [, list = ''] = /^#history=(.*)$/s.exec(hash) ?? [];
  return list.split(',').flatMap((text) => catalogue.dense(decoded(text)) ?? []);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
