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
interface Koffi {
  load(path: string): { func(signature: string): Native; symbol?(name: string, type: string): unknown };
}

/** MPICH and those with its binary interface (Intel MPI, MVAPICH, Cray): handles are these numbers. */
const MPICH = { world: 0x44000000, byte: 0x4c00010d, success: 0 } as const;

/** Names under which MPICH is found, the one of `SEQREC_MPI_LIBRARY` first. */
const NAMES = ['libmpich.so.12', 'libmpi.so.12', 'libmpi.12.dylib'];

/** Command that installs what is missing, for error texts and `doctor`. */
export const mpiHint = 'apt-get install mpich (or set SEQREC_MPI_LIBRARY to its libmpi.so.12), and npm install koffi';

/**
 * Starts the system's MPI in this process. @throws BackendError when koffi or a library is missing, or the library is
 * of another family than MPICH.
 */
export function startMpi(): MpiLibrary {
  const koffi = loadKoffi();
  const library = loadLibrary(koffi);
  const call = (signature: string): Native => {
    const native = library.func(signature);
    const [name] = /MPI_\w+/.exec(signature) ?? [''];
    return (...args) => {
      const code = native(...args);
      if (code !== MPICH.success) throw new BackendError(`mpi: ${name} failed with code ${code}`);
      return code;
    };
  };
  const version = versionOf(library.func('int MPI_Get_library_version(_Out_ uint8_t *text, _Out_ int *length)'));
  if (!/MPICH|Intel|MVAPICH|Cray/i.test(version))
    throw new BackendError(
      `mpi: expected MPICH or a library of its binary interface (Intel MPI, MVAPICH, Cray); got '${version}'; use ${mpiHint}, or ranks over TCP (--rank, --ranks, --rendezvous)`,
    );
  call('int MPI_Init(void *argc, void *argv)')(null, null);
  const number = (signature: string): number => {
    const out = new Int32Array(64);
    call(signature)(MPICH.world, out);
    return out[0];
  };
  const rank = number('int MPI_Comm_rank(int comm, _Out_ int *rank)');
  const size = number('int MPI_Comm_size(int comm, _Out_ int *size)');
  const allToAll = call(
    'int MPI_Ialltoallv(const void *send, const void *sendCounts, const void *sendPlaces, int sendType, void *received, const void *counts, const void *places, int type, int comm, void *request)',
  );
  const test = call('int MPI_Test(void *request, void *flag, void *status)');
  const abort = library.func('int MPI_Abort(int comm, int code)');
  const finalize = call('int MPI_Finalize()');
  const flag = new Int32Array(64);
  const status = new Uint8Array(256);
  return {
    version,
    rank,
    size,
    begin(send, received) {
      const request = new Uint8Array(256);
      const { byte, world } = MPICH;
      allToAll(
        send.bytes,
        send.counts,
        send.places,
        byte,
        received.bytes,
        received.counts,
        received.places,
        byte,
        world,
        request,
      );
      return request;
    },
    isDone(request) {
      test(request, flag, status);
      return flag[0] !== 0;
    },
    abort: () => void abort(MPICH.world, 1),
    finish: () => void finalize(),
  };
}

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    throw new BackendError(`mpi: expected the optional package koffi; it cannot be loaded; ${mpiHint}`, {
      cause: error,
    });
  }
}

function loadLibrary(koffi: Koffi): ReturnType<Koffi['load']> {
  const { SEQREC_MPI_LIBRARY: own } = process.env;
  const tried = own === undefined ? NAMES : [own];
  let cause: unknown;
  for (const name of tried) {
    try {
      return koffi.load(name);
    } catch (error) {
      cause = error;
    }
  }
  throw new BackendError(`mpi: expected one of ${tried.join(', ')}; none can be loaded; ${mpiHint}`, { cause });
}

function versionOf(get: Native): string {
  const text = new Uint8Array(2 ** 14);
  get(text, new Int32Array(64));
  const end = text.indexOf(0);
  return new TextDecoder().decode(text.subarray(0, end)).split('\n')[0].trim();
}
