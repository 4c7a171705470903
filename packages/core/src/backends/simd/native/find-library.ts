import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { BackendError } from '../../../errors.ts';
import { koffiFile } from './koffi.ts';
import { probe, type RunChild, runChild, type Variables } from './probe.ts';
import type { Verdict } from './probe-program.ts';
import { coreTypeFor, processorFeatures } from './processor.ts';

/** A library that has passed the probe. */
export interface FoundLibrary {
  /** The file of koffi, which loads it. */
  readonly koffi: string;
  /** As it is loaded: a path, or a name that the system's loader finds. */
  readonly path: string;
  readonly version: string;
  /** The processor, or the instructions, for which it takes its kernels. */
  readonly core: string;
  /** Set while it is loaded: kernels that OpenBLAS does not take by itself on a processor that it does not know. */
  readonly variables: Variables;
}

/** Where libraries with `cblas_sgemm` usually are, the first choice first. */
export const LIBRARIES: readonly string[] = [
  ...['libmkl_rt.so.3', 'libmkl_rt.so.2', 'libmkl_rt.so', 'libmkl_rt.2.dylib', 'mkl_rt.3.dll', 'mkl_rt.2.dll'],
  ...['libopenblas.so.0', 'libopenblas.so', 'libopenblasp.so.0', 'libopenblas.dylib', 'libopenblas.dll'],
  '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
  ...['libblis.so.4', 'libblis.so.3', 'libblis.so', 'libblis-mt.so', 'libblis.dylib'],
  ...['libcblas.so.3', 'libblas.so.3'],
];

const HINT = 'install one, as in `apt-get install libopenblas0-pthread`, or name its file';

/** What tests replace. */
export interface Finding {
  readonly libraries?: readonly string[];
  readonly koffi?: () => string | undefined;
  readonly run?: RunChild;
  /** What the processor can, as Linux lists it. */
  readonly features?: string;
  /** `OPENBLAS_CORETYPE` of this process, which is obeyed. */
  readonly told?: string;
}

/**
 * The library of a path, or with `auto` the first usual one that passes the probe in a child process; with `auto`
 * `missing` says why there is none.
 *
 * @throws BackendError for a path, saying why it is of no use.
 */
export function findLibrary(wanted: string, finding: Finding = {}): FoundLibrary | { readonly missing: string } {
  const { libraries = LIBRARIES, koffi: locate = koffiFile, run = runChild } = finding;
  const auto = wanted === 'auto';
  const paths = auto ? libraries : [existsSync(wanted) ? resolve(wanted) : wanted];
  const missing = (message: string): { readonly missing: string } => {
    if (!auto) throw new BackendError(message);
    return { missing: message };
  };
  const koffi = locate();
  if (koffi === undefined)
    return missing('blas: expected the package koffi, which loads libraries; it is not installed; npm install koffi');
  const verdicts = probe(koffi, paths, run);
  const last = verdicts.at(-1);
  if (last?.kind === 'good') {
    const { version, core } = last;
    return withKernels({ koffi, path: paths[verdicts.length - 1], version, core, variables: {} }, finding);
  }
  // One that is there but of no use says more than the many that are not there.
  const at = Math.max(
    0,
    verdicts.findIndex((verdict) => verdict.kind !== 'unloadable'),
  );
  if (auto && verdicts[at].kind === 'unloadable')
    return missing(`blas: expected a library with cblas_sgemm; none of the usual ones can be loaded; ${HINT}`);
  return missing(`blas: expected a library with cblas_sgemm; got ${paths[at]}, which ${complaint(verdicts[at])}`);
}

/**
 * OpenBLAS takes its oldest kernels, those for `Prescott`, on a processor that is newer than itself. Those that the
 * processor can run are asked for by name, where they multiply rightly in a child process.
 */
function withKernels(
  found: FoundLibrary,
  { run = runChild, features = processorFeatures(), told = process.env.OPENBLAS_CORETYPE }: Finding,
): FoundLibrary {
  const better = coreTypeFor(features);
  const oldest = found.version.startsWith('OpenBLAS') && found.core === 'Prescott';
  if (!oldest || better === undefined || told !== undefined) return found;
  const variables = { OPENBLAS_CORETYPE: better };
  const [verdict] = probe(found.koffi, [found.path], run, variables);
  // A build for one processor alone obeys no name.
  if (verdict.kind !== 'good' || verdict.core === found.core) return found;
  return { ...found, core: verdict.core, variables };
}

function complaint(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'unloadable':
      return `cannot be loaded (${verdict.why}); ${HINT}`;
    case 'no-product':
      return `has no such function; ${HINT}`;
    case 'wide-integers':
      return 'has integers of 64 bits (ILP64); take its build with 32 bits (LP64)';
    case 'wrong':
      return `multiplies wrongly (${verdict.got} in place of ${verdict.expected}); take another one`;
    case 'fatal':
      return `${verdict.how}; take another one, or tell it the processor, as in OPENBLAS_CORETYPE=HASWELL`;
    case 'good':
      return 'is good';
  }
}
