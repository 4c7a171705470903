import type { OpenLibrary } from '../platform/platform.ts';
import { type Finding, type FoundLibrary, findLibrary } from './find-library.ts';
import { loadKoffi } from './koffi.ts';
import { libraryImports } from './library-imports.ts';
import { contestantsOn, measureRates, type Rates, threshold } from './measure.ts';
import { ONE_THREAD, type Variables } from './probe.ts';

/** What was measured in this process: a library is as fast at its second start. */
const measured = new Map<string, readonly Rates[]>();

/**
 * Finds a library, see {@link findLibrary}, that the kernels of a thread can import.
 *
 * @throws BackendError for a path that is of no use.
 */
export function openLibrary(wanted: string, finding?: Finding): OpenLibrary | { readonly missing: string } {
  const found = findLibrary(wanted, finding);
  if ('missing' in found) return found;
  const { koffi, path, version, core, variables } = found;
  return {
    load: (memory) => ({ ...withVariables(variables, () => libraryImports(loadKoffi(koffi), path, memory)) }),
    thread: { koffi, path },
    info: { library: path, version, core },
    measure({ variant, kernels }, memory) {
      const key = `${variant} ${path}`;
      const rates = measured.get(key) ?? measureRates(contestantsOn(kernels, memory));
      measured.set(key, rates);
      const note = noteOf(found, rates);
      return { from: threshold(rates), rates, ...(note !== undefined && { note }) };
    },
  };
}

/** Libraries read how many threads they start, and which kernels they take, when they are loaded. */
function withVariables<T>(variables: Variables, load: () => T): T {
  const all: Variables = { ...ONE_THREAD, ...variables };
  const added = Object.keys(all).filter((name) => process.env[name] === undefined);
  for (const name of added) process.env[name] = all[name];
  try {
    return load();
  } finally {
    for (const name of added) delete process.env[name];
  }
}

/** Below this share of our rate a library took the wrong kernels: ours have vectors of at most 256 bits. */
const SLOW = 0.7;

/** That a library is slower than it should be. */
export function noteOf(
  { version, core }: Pick<FoundLibrary, 'version' | 'core'>,
  rates: readonly Rates[],
): string | undefined {
  const { ours, library } = rates[rates.length - 1];
  if (library >= SLOW * ours) return undefined;
  const figures = `${library.toFixed(0)} GFLOP/s where ours make ${ours.toFixed(0)}`;
  return `blas: ${version} multiplies with its kernels for ${core} at ${figures}; another library may be faster`;
}
