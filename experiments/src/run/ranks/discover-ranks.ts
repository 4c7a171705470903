import { UsageError } from '../../errors.ts';

/** How this process takes part in a training that several ranks share. */
export type RankPlan =
  | { readonly kind: 'alone' }
  /** This process is rank 0, the others are threads of it. */
  | { readonly kind: 'workers'; readonly size: number }
  /** Started by `mpiexec` or `srun` with MPI, which knows the rest. */
  | { readonly kind: 'mpi'; readonly launcher: string }
  | {
      readonly kind: 'tcp';
      readonly rank: number;
      readonly size: number;
      readonly rendezvous: string;
      readonly token: string;
    };

/** `--ranks`, `--rank` and `--rendezvous`. */
export interface RankOptions {
  readonly ranks?: number;
  readonly rank?: number;
  readonly rendezvous?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Variables by which launchers of MPI tell a process its rank. */
const MPI_RANKS = [
  ['PMI_RANK', 'mpiexec'],
  ['PMIX_RANK', 'srun or mpiexec'],
  ['OMPI_COMM_WORLD_RANK', 'mpiexec of Open MPI'],
] as const;

/** Ports of jobs on one cluster should differ. */
const [FIRST_PORT, PORTS] = [20_000, 20_000];

/**
 * In this order: options of the command; MPI (`PMI_RANK`, `PMIX_RANK`, `OMPI_COMM_WORLD_RANK`); Slurm without MPI
 * (`SLURM_PROCID` of `SLURM_NTASKS`, rank 0 on the first node of `SLURM_NODELIST`); an indexed job of Kubernetes
 * (`JOB_COMPLETION_INDEX` of `SEQREC_RANKS`, rank 0 at `SEQREC_RENDEZVOUS`).
 *
 * @throws UsageError for options or variables that do not go together.
 */
export function discoverRanks(options: RankOptions, variables: Variables): RankPlan {
  const { ranks, rank, rendezvous } = options;
  if (rank !== undefined || rendezvous !== undefined) {
    if (rank === undefined || rendezvous === undefined || ranks === undefined)
      throw new UsageError(
        `--rank, --ranks, --rendezvous: expected all three for a rank that is a process of its own, as in --rank 1 --ranks 4 --rendezvous host:29400; got ${given(options)}`,
      );
    return tcp({ rank, size: ranks, rendezvous, token: variables.SEQREC_JOB ?? '' }, '--rank');
  }
  const launcher = MPI_RANKS.find(([name]) => variables[name] !== undefined);
  if (launcher !== undefined && ranks === undefined) return { kind: 'mpi', launcher: launcher[1] };
  if (ranks !== undefined) {
    if (launcher !== undefined)
      throw new UsageError(`--ranks: expected it without ${launcher[1]}, which says how many there are; got ${ranks}`);
    return ranks === 1 ? { kind: 'alone' } : { kind: 'workers', size: ranks };
  }
  if (variables.SLURM_PROCID !== undefined && Number(variables.SLURM_NTASKS ?? 1) > 1) return ofSlurm(variables);
  if (variables.JOB_COMPLETION_INDEX !== undefined && variables.SEQREC_RANKS !== undefined)
    return ofKubernetes(variables);
  return { kind: 'alone' };
}

function ofSlurm(variables: Variables): RankPlan {
  const { SLURM_PROCID, SLURM_NTASKS, SLURM_NODELIST, SLURM_JOB_ID = '0', SEQREC_RENDEZVOUS } = variables;
  const host = firstHost(SLURM_NODELIST ?? '');
  if (SEQREC_RENDEZVOUS === undefined && host === undefined)
    throw new UsageError(
      `SLURM_NODELIST: expected the names of nodes, on the first of which rank 0 runs; got '${SLURM_NODELIST ?? ''}'; or set SEQREC_RENDEZVOUS=host:port`,
    );
  const rendezvous = SEQREC_RENDEZVOUS ?? `${host}:${FIRST_PORT + (Number(SLURM_JOB_ID) % PORTS)}`;
  const numbers = { rank: Number(SLURM_PROCID), size: Number(SLURM_NTASKS) };
  return tcp({ ...numbers, rendezvous, token: `slurm ${SLURM_JOB_ID}` }, 'SLURM_PROCID');
}

function ofKubernetes(variables: Variables): RankPlan {
  const { JOB_COMPLETION_INDEX, SEQREC_RANKS, SEQREC_RENDEZVOUS, SEQREC_JOB = '' } = variables;
  if (SEQREC_RENDEZVOUS === undefined)
    throw new UsageError(
      'SEQREC_RENDEZVOUS: expected host:port of the pod with JOB_COMPLETION_INDEX 0; got nothing; a headless service gives each pod of a job the name JOB-INDEX.SERVICE',
    );
  const numbers = { rank: Number(JOB_COMPLETION_INDEX), size: Number(SEQREC_RANKS) };
  return tcp({ ...numbers, rendezvous: SEQREC_RENDEZVOUS, token: SEQREC_JOB }, 'JOB_COMPLETION_INDEX');
}

function tcp(plan: Omit<RankPlan & { kind: 'tcp' }, 'kind'>, where: string): RankPlan {
  const { rank, size } = plan;
  if (!Number.isSafeInteger(rank) || !Number.isSafeInteger(size) || rank < 0 || rank >= size)
    throw new UsageError(
      `${where}: expected a rank from 0 to one less than the number of ranks; got ${rank} of ${size}`,
    );
  return size === 1 ? { kind: 'alone' } : { kind: 'tcp', ...plan };
}

/** The first of a list of Slurm's: `node[03-05,9],other` is `node03`. */
export function firstHost(list: string): string | undefined {
  const [, name, range] = /^([^,[\]]+)(?:\[([^\]]*)\])?/.exec(list.trim()) ?? [];
  if (name === undefined) return undefined;
  const [first = ''] = range?.split(/[-,]/) ?? [];
  return name + first;
}

function given({ ranks, rank, rendezvous }: RankOptions): string {
  return Object.entries({ rank, ranks, rendezvous })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name} ${value}`)
    .join(' ');
}
