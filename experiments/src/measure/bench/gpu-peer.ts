import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AttentionPoint } from './attention-problem.ts';
import { findPython } from './peer.ts';
import { median } from './statistics.ts';

export interface GpuPeerTimes {
  readonly variant: string;
  readonly seconds: number;
}

export interface GpuPeer {
  /** Why there is nothing to compare with. */
  readonly missing?: string;
  /** What it ran on. */
  readonly device?: string;
  /** The fastest variant. */
  of(point: AttentionPoint, direction: 'forward' | 'backward'): GpuPeerTimes | undefined;
}

interface Measured {
  readonly point: number;
  readonly direction: string;
  readonly variant: string;
  readonly seconds: readonly number[];
}

/** Runs the points in `peers/gpu_attention.py`, a process of its own, which ends before ours begin. */
export function measurePeer(points: readonly AttentionPoint[]): GpuPeer {
  const python = findPython();
  const nothing = (missing: string): GpuPeer => ({ missing, of: () => undefined });
  if ('missing' in python) return nothing(python.missing);
  const script = fileURLToPath(new URL('../../../peers/gpu_attention.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync(python.path, [script], {
    input: JSON.stringify(points),
    encoding: 'utf8',
  });
  if (status !== 0) return nothing(`peers/gpu_attention.py: ${stderr.trim().split('\n').at(-1) ?? `exit ${status}`}`);
  const { device, results } = JSON.parse(stdout) as { device: string; results: Measured[] };
  return {
    device,
    of(point, direction) {
      const key = JSON.stringify(point);
      const index = points.findIndex((other) => JSON.stringify(other) === key);
      const best = results
        .filter((measured) => measured.point === index && measured.direction === direction)
        .map(({ variant, seconds }) => ({ variant, seconds: median(seconds) }))
        .toSorted((a, b) => a.seconds - b.seconds);
      return best[0];
    },
  };
}
