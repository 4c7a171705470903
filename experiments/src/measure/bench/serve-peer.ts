import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findPython, peerEnvironment } from './peer.ts';
import type { ServeShape } from './serve-work.ts';
import { median } from './statistics.ts';

/** A full pass over one history in PyTorch: the fastest variant. */
export interface PeerPass {
  readonly variant: string;
  /** Median, milliseconds. */
  readonly median: number;
}

export interface ServePeer {
  /** Why there is nothing to compare with. */
  readonly missing?: string;
  /** Version of PyTorch and its BLAS, once it ran. */
  readonly torch?: string;
  /** One turn over all lengths, in a process of its own. */
  round(): void;
  /** The variant with the lowest median. */
  best(length: number): PeerPass | undefined;
}

/** Timed passes of a length in a turn. */
const STEPS = 2;

/** The HSTU of `peers/hstu_pass.py`. */
export function openServePeer(threads: number, shape: ServeShape, lengths: readonly number[]): ServePeer {
  const python = findPython();
  if ('missing' in python) return { missing: python.missing, round: () => undefined, best: () => undefined };
  const times = new Map<number, Map<string, number[]>>(lengths.map((length) => [length, new Map()]));
  let missing: string | undefined;
  let torch: string | undefined;
  return {
    get torch() {
      return torch;
    },
    get missing() {
      return missing;
    },
    round() {
      if (missing !== undefined) return;
      const script = fileURLToPath(new URL('../../../peers/hstu_pass.py', import.meta.url));
      const args = [script, '--threads', String(threads), '--steps', String(STEPS)];
      const env = peerEnvironment();
      const input = JSON.stringify({ shape, lengths });
      const { status, stdout, stderr } = spawnSync(python.path, args, { input, encoding: 'utf8', env });
      if (status !== 0) {
        missing = `peers/hstu_pass.py failed: ${stderr.trim().split('\n').at(-1) ?? `exit ${status}`}`;
        return;
      }
      const printed = JSON.parse(stdout) as {
        readonly torch: string;
        readonly results: readonly { readonly length: number; readonly variant: string; readonly seconds: number[] }[];
      };
      torch = printed.torch;
      for (const { length, variant, seconds } of printed.results) {
        const own = times.get(length) as Map<string, number[]>;
        own.set(variant, [...(own.get(variant) ?? []), ...seconds.map((each) => 1000 * each)]);
      }
    },
    best(length) {
      const passes = Array.from(times.get(length) ?? [], ([variant, own]) => ({ variant, median: median(own) }));
      return passes.toSorted((a, b) => a.median - b.median)[0];
    },
  };
}
