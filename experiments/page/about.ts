import type { IncrementalCapabilities } from '@seqrec/models';
import type { PageCodes } from '../src/report/page/page-data.ts';
import type { Catalogue } from './catalogue.ts';
import { scoreInWords } from './code-score.ts';
import { byId, element } from './dom.ts';
import type { Engine } from './engine.ts';
import { similarityInWords } from './vector-score.ts';

/** Fills the panel that says what computes the recommendations, and how. */
export function showDetails({ parts, startMilliseconds }: Engine, catalogue: Catalogue, bytes: number): void {
  const { choice, kind, similarity, state } = parts;
  const { run, recipe, epoch, dataset, latestTime, codes } = catalogue.about;
  const rows: [string, string][] = [
    ['Model', `${kind} of ${recipe}, run ${run}, after ${epoch} epochs on ${dataset}`],
    ['Weights', `${(bytes / 2 ** 20).toFixed(1)} MiB, ${catalogue.size.toLocaleString('en')} items`],
    ['Backend', `${choice.name}: ${choice.reason}`],
    ...choice.tried.map(({ name, reason }): [string, string] => [`Not ${name}`, reason]),
    ...backendRows(choice.name, choice.details),
    ['State', state.append ? keptState(state.exact) : `not kept: ${state.reason}`],
    ['Ready after', `${startMilliseconds.toFixed(0)} ms: starting the backend, loading the weights, a first answer`],
    ['Score', codes === undefined ? similarityInWords[similarity] : scoreInWords(codes)],
    ...codeRows(codes),
    ['Times', timesInWords(latestTime, state)],
    ['Privacy', 'nothing leaves this page; its security policy forbids requests to anywhere but its own folder'],
  ];
  byId('details').replaceChildren(
    ...rows.flatMap(([term, text]) => [element('dt', {}, term), element('dd', {}, text)]),
  );
}

/** What stands for the times of a history that is made up; see `Session`. */
export function timesInWords(latestTime: number | undefined, { append }: IncrementalCapabilities): string {
  if (latestTime === undefined) return 'the data have none: the events of your history count as numbered 0, 1, 2, ...';
  return `the events of your history count as a minute apart, the ${append ? 'oldest' : 'newest'} at the end of the data`;
}

function codeRows(codes: PageCodes | undefined): [string, string][] {
  if (codes === undefined) return [];
  const { sizes, hasCounter, beams, debias } = codes;
  const counter = hasCounter ? ', the last one a counter of titles with equal codes' : '';
  const popularity =
    debias === undefined ? '' : `; less ${debias.weight} times the logarithm of how popular a title is`;
  return [
    ['Codes', `${sizes.join(' x ')} of each title${counter}`],
    ['Beams', `${beams}, over codes that some title has${popularity}`],
  ];
}

function keptState(exact: number | 'bitwise'): string {
  const how = exact === 'bitwise' ? 'the same bits' : `relative errors below ${exact}`;
  return `keys and values of your history are kept, and a click adds one event; every answer is compared with a full pass: ${how}`;
}

function backendRows(name: string, details: Readonly<Record<string, unknown>>): [string, string][] {
  if (name === 'simd') {
    const { threads, variant, threadsReason } = details;
    const reason = threadsReason === undefined ? '' : `: ${threadsReason}`;
    return [
      ['Threads', `${threads}${reason}`],
      ['Kernels', `WebAssembly, ${variant} SIMD`],
    ];
  }
  if (name !== 'webgpu') return [];
  const { adapter, vendor, architecture, software } = details;
  const parts = [adapter, vendor, architecture].filter((part) => part !== '');
  return [['Adapter', `${parts.join(', ')}${software ? ', in software' : ''}`]];
}
