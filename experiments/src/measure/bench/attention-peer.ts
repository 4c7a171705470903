import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AttentionPoint } from './attention-problem.ts';
import { findPython, peerEnvironment } from './peer.ts';
import { median } from './statistics.ts';

/** The length at which PyTorch is measured too. */
export const PEER_LENGTH = 2048;

export interface PeerTimes {
  readonly variant: string;
  readonly seconds: readonly number[];
}

interface Measured extends PeerTimes {
  readonly kind: string;
  readonly width: number;
  readonly direction: 'forward' | 'backward';
}

export interface AttentionPeer {
  /** Why there is nothing to compare with. */
  readonly missing?: string;
  /** Version of PyTorch and its BLAS, once it ran. */
  readonly torch?: string;
  /** One turn over the points, in a process of its own. */
  round(points: readonly AttentionPoint[]): void;
  /** The variant with the lowest median. */
  best(point: AttentionPoint, direction: 'forward' | 'backward'): PeerTimes | undefined;
}

/** PyTorch attentions of `peers/attention.py`. */
export function openPeer(threads: number): AttentionPeer {
  const python = findPython();
  if ('missing' in python) return { missing: python.missing, round: () => undefined, best: () => undefined };
  const records = new Map<string, Measured & { seconds: number[] }>();
  let missing: string | undefined;
  let torch: string | undefined;
  return {
    get torch() {
      return torch;
    },
    get missing() {
      return missing;
    },
    round(points) {
      if (points.length === 0 || missing !== undefined) return;
      const script = fileURLToPath(new URL('../../../peers/attention.py', import.meta.url));
      const { status, stdout, stderr } = spawnSync(python.path, [script, '--threads', String(threads)], {
        input: JSON.stringify(points),
        encoding: 'utf8',
        env: peerEnvironment(),
      });
      if (status !== 0) {
        missing = `peers/attention.py failed: ${stderr.trim().split('\n').at(-1) ?? `exit ${status}`}`;
        return;
      }
      const printed = JSON.parse(stdout) as { torch: string; results: Measured[] };
      torch = printed.torch;
      for (const measured of printed.results) {
        const { kind, width, direction, variant } = measured;
        const key = JSON.stringify([kind, width, direction, variant]);
        const record = records.get(key) ?? { ...measured, seconds: [] };
        record.seconds.push(...measured.seconds);
        records.set(key, record);
      }
    },
    best({ kind, width, length }, direction) {
      if (length !== PEER_LENGTH) return undefined;
      const same = [...records.values()].filter(
        (record) => record.kind === kind && record.width === width && record.direction === direction,
      );
      return same.toSorted((a, b) => median(a.seconds) - median(b.seconds))[0];
    },
  };
}
