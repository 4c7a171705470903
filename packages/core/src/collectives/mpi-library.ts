import { createRequire } from 'node:module';
import { BackendError } from '../errors.ts';

/** The functions of the system's MPI that ranks need, each as a call of this thread. Return codes are checked. */
export interface MpiLibrary {
  /** As the library calls itself, its first line. */
  readonly version: string;
  readonly rank: number;
  readonly size: number;
  /** Begins an all-to-all of bytes; counts and places are in bytes. The arrays must stay until {@link isDone}. */
  begin(send: MpiBytes, received: MpiBytes): MpiRequest;
  isDone(request: MpiRequest): boolean;
  abort(): void;
  finish(): void;
}

export interface MpiBytes {
  readonly bytes: Uint8Array;
  readonly counts: Int32Array;
  readonly places: Int32Array;
}

/** Opaque. */
export type MpiRequest = Uint8Array;

type Native = (...args: readonly unknown[]) => number;
interface NativeLibrary {
  func(signature: string): Native;
  symbol(name: string, type: string): unknown;
}
interface Koffi {
  load(path: string): NativeLibrary;
}

/** A family of libraries with one binary interface. */
interface Family {
  readonly name: 'MPICH' | 'Open MPI';
  readonly versions: RegExp;
  readonly files: readonly string[];
  /** How handles are passed: numbers that are known, or addresses of symbols. */
  readonly handle: 'int' | 'void *';
  handles(library: NativeLibrary): { readonly world: unknown; readonly byte: unknown };
}

const families: readonly Family[] = [
  {
    name: 'MPICH',
    versions: /MPICH|Intel|MVAPICH|Cray/i,
    files: ['libmpich.so.12', 'libmpi.so.12', 'libmpi.12.dylib'],
    handle: 'int',
    handles: () => ({ world: 0x44000000, byte: 0x4c00010d }),
  },
  {
    name: 'Open MPI',
    versions: /Open MPI/i,
    files: ['libmpi.so.40', 'libmpi.40.dylib'],
    handle: 'void *',
    handles: (library) => ({
      world: library.symbol('ompi_mpi_comm_world', 'void'),
      byte: library.symbol('ompi_mpi_byte', 'void'),
    }),
  },
];

/** Command that installs what is missing, for error texts and `doctor`. */
export const mpiHint =
  'apt-get install mpich (or openmpi-bin), npm install koffi; SEQREC_MPI_LIBRARY names a library elsewhere';

interface OpenLibrary {
  readonly library: NativeLibrary;
  readonly family: Family;
  readonly version: string;
}

/** The MPI that ranks would use, in one line, without starting it. @throws BackendError saying what is missing. */
export function describeMpi(): string {
  return openLibrary().version;
}

/**
 * Starts the system's MPI in this process. @throws BackendError when koffi or a library is missing, the library is of
 * no family that is known, or not the one of the launcher.
 */
export function startMpi(): MpiLibrary {
  const { library, family, version } = openLibrary();
  const call = (signature: string): Native => {
    const native = library.func(signature.replaceAll('HANDLE ', family.handle === 'int' ? 'int ' : 'void *'));
    const [name] = /MPI_\w+/.exec(signature) ?? [''];
    return (...args) => {
      const code = native(...args);
      if (code !== 0) throw new BackendError(`mpi: ${name} failed with code ${code}`);
      return code;
    };
  };
  call('int MPI_Init(void *argc, void *argv)')(null, null);
  const { world, byte } = family.handles(library);
  const number = (signature: string): number => {
    const out = new Int32Array(64);
    call(signature)(world, out);
    return out[0];
  };
  const rank = number('int MPI_Comm_rank(HANDLE comm, _Out_ int *rank)');
  const size = number('int MPI_Comm_size(HANDLE comm, _Out_ int *size)');
  checkLauncher(size, version);
  const allToAll = call(
    'int MPI_Ialltoallv(const void *send, const void *sendCounts, const void *sendPlaces, HANDLE sendType, void *received, const void *counts, const void *places, HANDLE type, HANDLE comm, void *request)',
  );
  const test = call('int MPI_Test(void *request, void *flag, void *status)');
  const abort = call('int MPI_Abort(HANDLE comm, int code)');
  const finalize = call('int MPI_Finalize()');
  const flag = new Int32Array(64);
  const status = new Uint8Array(256);
  return {
    version,
    rank,
    size,
    begin({ bytes, counts, places }, received) {
      const request = new Uint8Array(256);
      allToAll(bytes, counts, places, byte, received.bytes, received.counts, received.places, byte, world, request);
      return request;
    },
    isDone(request) {
      test(request, flag, status);
      return flag[0] !== 0;
    },
    abort: () => void abort(world, 1),
    finish: () => void finalize(),
  };
}

/** A library that was not started by its own launcher takes itself to be alone. */
function checkLauncher(size: number, version: string): void {
  const { OMPI_COMM_WORLD_SIZE, PMI_SIZE } = process.env;
  const told = Number(OMPI_COMM_WORLD_SIZE ?? PMI_SIZE ?? size);
  if (told === size) return;
  throw new BackendError(
    `mpi: expected ${told} ranks, as the launcher says; got ${size} from '${version}', which is not the launcher's own; start the ranks by the mpiexec of that library, or name the launcher's library in SEQREC_MPI_LIBRARY`,
  );
}

function openLibrary(): OpenLibrary {
  const koffi = loadKoffi();
  const { SEQREC_MPI_LIBRARY: own, OMPI_COMM_WORLD_RANK } = process.env;
  const ordered = OMPI_COMM_WORLD_RANK === undefined ? families : families.toReversed();
  const files = own === undefined ? ordered.flatMap((family) => family.files) : [own];
  let cause: unknown;
  for (const file of files) {
    try {
      return recognised(koffi.load(file));
    } catch (error) {
      if (error instanceof BackendError) throw error;
      cause = error;
    }
  }
  throw new BackendError(`mpi: expected one of ${files.join(', ')}; none can be loaded; ${mpiHint}`, { cause });
}

function recognised(library: NativeLibrary): OpenLibrary {
  const version = versionOf(library);
  const family = families.find(({ versions }) => versions.test(version));
  if (family === undefined)
    throw new BackendError(
      `mpi: expected MPICH or a library of its binary interface (Intel MPI, MVAPICH, Cray), or Open MPI; got '${version}'; use ${mpiHint}, or ranks over TCP (--rank, --ranks, --rendezvous)`,
    );
  return { library, family, version };
}

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    throw new BackendError(`mpi: expected the package koffi; it cannot be loaded; ${mpiHint}`, {
      cause: error,
    });
  }
}

function versionOf(library: NativeLibrary): string {
  const text = new Uint8Array(2 ** 14);
  library.func('int MPI_Get_library_version(_Out_ uint8_t *text, _Out_ int *length)')(text, new Int32Array(64));
  return new TextDecoder()
    .decode(text.subarray(0, text.indexOf(0)))
    .split('\n')[0]
    .trim();
}
