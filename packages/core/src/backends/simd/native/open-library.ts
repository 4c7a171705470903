import type { OpenLibrary } from '../platform/platform.ts';
import { type Finding, type FoundLibrary, findLibrary } from './find-library.ts';
import { type Koffi, loadKoffi } from './koffi.ts';
import { libraryImports } from './library-imports.ts';
import { contestantsOn, measureRates, type Rates, threshold } from './measure.ts';
import { withVariables } from './variables.ts';

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
  const { koffi, path, version, variables } = found;
  let { core } = found;
  return {
    load(memory) {
      const own = loadKoffi(koffi);
      const imports = withVariables(own, variables, () => libraryImports(own, path, memory));
      // Another thread of the process may have loaded it before, with other kernels.
      core = coreOf(own, path) ?? core;
      return { ...imports };
    },
    thread: { koffi, path },
    info: {
      library: path,
      version,
      get core() {
        return core;
      },
    },
    measure({ variant, kernels }, memory) {
      const key = `${variant} ${path}`;
      const rates = measured.get(key) ?? measureRates(contestantsOn(kernels, memory));
      measured.set(key, rates);
      const note = noteOf({ version, core }, rates);
      return { from: threshold(rates), rates, ...(note !== undefined && { note }) };
    },
  };
}

/** The kernels that OpenBLAS has taken in this process; undefined of another library. */
function coreOf(koffi: Koffi, path: string): string | undefined {
  try {
    return String(koffi.load(path).func('const char *openblas_get_corename()')());
  } catch {
    return undefined;
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
