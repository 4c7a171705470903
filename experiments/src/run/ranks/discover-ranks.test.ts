import { describe, expect, it } from 'vitest';
import { discoverRanks, firstHost } from './discover-ranks.ts';

describe('discoverRanks', () => {
  it('takes options before variables, and MPI before Slurm before Kubernetes', () => {
    const slurm = { SLURM_PROCID: '2', SLURM_NTASKS: '4', SLURM_NODELIST: 'gpu[03-05]', SLURM_JOB_ID: '41234' };
    const kubernetes = { JOB_COMPLETION_INDEX: '1', SEQREC_RANKS: '3', SEQREC_RENDEZVOUS: 'job-0.ranks:29400' };
    expect(discoverRanks({}, {})).toEqual({ kind: 'alone' });
    expect(discoverRanks({ ranks: 1 }, {})).toEqual({ kind: 'alone' });
    expect(discoverRanks({ ranks: 4 }, {})).toEqual({ kind: 'workers', size: 4 });
    expect(discoverRanks({ rank: 1, ranks: 2, rendezvous: 'a:1' }, { PMI_RANK: '0', SEQREC_JOB: 'x' })).toEqual({
      ...{ kind: 'tcp', rank: 1, size: 2, rendezvous: 'a:1', token: 'x' },
    });
    expect(discoverRanks({}, { PMI_RANK: '1', ...slurm })).toEqual({ kind: 'mpi', launcher: 'mpiexec' });
    expect(discoverRanks({}, { OMPI_COMM_WORLD_RANK: '1' })).toMatchObject({ kind: 'mpi' });
    expect(discoverRanks({}, { ...slurm, JOB_COMPLETION_INDEX: '1', SEQREC_RANKS: '3' })).toEqual({
      ...{ kind: 'tcp', rank: 2, size: 4, rendezvous: 'gpu03:21234', token: 'slurm 41234' },
    });
    expect(discoverRanks({}, { ...slurm, SEQREC_RENDEZVOUS: 'h:5' })).toMatchObject({ rendezvous: 'h:5' });
    // A job of Slurm with one task, or an array of single programs.
    expect(discoverRanks({}, { SLURM_PROCID: '0', SLURM_NTASKS: '1' })).toEqual({ kind: 'alone' });
    expect(discoverRanks({}, kubernetes)).toEqual({
      ...{ kind: 'tcp', rank: 1, size: 3, rendezvous: 'job-0.ranks:29400', token: '' },
    });
    expect(discoverRanks({}, { JOB_COMPLETION_INDEX: '1' })).toEqual({ kind: 'alone' });
  });

  it('refuses what does not go together', () => {
    expect(() => discoverRanks({ rank: 1, ranks: 2 }, {})).toThrow(
      '--rank, --ranks, --rendezvous: expected all three for a rank that is a process of its own, as in --rank 1 --ranks 4 --rendezvous host:29400; got --rank 1 --ranks 2',
    );
    expect(() => discoverRanks({ rank: 2, ranks: 2, rendezvous: 'a:1' }, {})).toThrow(
      '--rank: expected a rank from 0 to one less than the number of ranks; got 2 of 2',
    );
    expect(() => discoverRanks({ ranks: 2 }, { PMI_RANK: '0' })).toThrow(
      '--ranks: expected it without mpiexec, which says how many there are; got 2',
    );
    expect(() => discoverRanks({}, { SLURM_PROCID: '0', SLURM_NTASKS: '2' })).toThrow(/SLURM_NODELIST: expected/);
    expect(() => discoverRanks({}, { JOB_COMPLETION_INDEX: '0', SEQREC_RANKS: '2' })).toThrow(
      /SEQREC_RENDEZVOUS: expected host:port of the pod/,
    );
  });

  it('reads lists of nodes', () => {
    expect(['n1', 'n[03-05,9],other', 'gpu-a[7]', 'a,b', ''].map(firstHost)).toEqual([
      'n1',
      'n03',
      'gpu-a7',
      'a',
      undefined,
    ]);
  });
});
