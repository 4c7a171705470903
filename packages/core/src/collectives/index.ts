export {
  type BroadcastOptions,
  Collective,
  type CollectiveOptions,
  type Numbers,
  sliceBounds,
  type Traffic,
  type WaitOptions,
} from './collective.ts';
export { CollectiveError } from './collective-error.ts';
export { mpiTransport } from './mpi.ts';
export { describeMpi, type MpiLibrary, mpiHint, startMpi } from './mpi-library.ts';
export { runRanks, virtualRanks } from './single.ts';
export { type TcpOptions, tcpTransport } from './tcp.ts';
export type { Place, Transport, TransportKind } from './transport.ts';
export { endShared, type SharedRanks, sharedRanks, workerTransport } from './workers.ts';
