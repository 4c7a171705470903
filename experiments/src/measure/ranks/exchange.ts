import type { Collective, TransportKind } from '@seqrec/core/collectives';
import { formatBytes } from '../../terminal/format.ts';
import { figures, type Listing } from '../../terminal/listing.ts';
import { spread } from '../bench/statistics.ts';

/** Rows of 64 numbers that a rank sends to all others together, and numbers of a sum. */
const ROWS = [0, 1000, 20_000, 200_000] as const;
const WIDTH = 64;
const SUMS = [10_000, 100_000, 1_000_000, 6_400_000] as const;
const WARM_UP = 3;

export interface ExchangePoint {
  readonly operation: 'all-to-all' | 'sum';
  /** Numbers of a rank. */
  readonly numbers: number;
  /** Bytes that a rank sends. */
  readonly bytes: number;
  readonly seconds: readonly number[];
}

export interface ExchangeBench {
  readonly transport: TransportKind;
  readonly ranks: number;
  readonly rounds: number;
  readonly points: readonly ExchangePoint[];
}

/** Times the exchanges of a step, all sizes in turn; all ranks run it. */
export async function benchExchange(ranks: Collective, rounds: number): Promise<ExchangeBench> {
  const { size, kind } = ranks;
  const points = [
    ...ROWS.map((rows) => ({
      operation: 'all-to-all' as const,
      numbers: rows * WIDTH,
      seconds: [] as number[],
      bytes: 0,
    })),
    ...SUMS.map((numbers) => ({ operation: 'sum' as const, numbers, seconds: [] as number[], bytes: 0 })),
  ];
  // As in training: from step to step the memory is the same.
  const memory = points.map(({ numbers }) => new Float32Array(numbers).fill(1));
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [p, point] of points.entries()) {
      const values = memory[p];
      const pieces = cut(values, size);
      await ranks.barrier();
      const before = ranks.traffic.bytes;
      const began = performance.now();
      if (point.operation === 'sum') await ranks.sum(values);
      else await ranks.allToAll(pieces, 'all-to-all', { reuse: true });
      if (round >= 0) point.seconds.push((performance.now() - began) / 1000);
      point.bytes = ranks.traffic.bytes - before;
    }
  }
  return { transport: kind, ranks: size, rounds, points };
}

function cut(values: Float32Array, size: number): Float32Array[] {
  const bound = (r: number): number => Math.floor((r * values.length) / size);
  return Array.from({ length: size }, (_, r) => values.subarray(bound(r), bound(r + 1)));
}

export function listExchangeBench({ transport, ranks, rounds, points }: ExchangeBench): Listing {
  const rows = points.map(({ operation, numbers, bytes, seconds }) => {
    const { minimum, median, maximum } = spread(seconds);
    const rate = bytes === 0 ? '' : (bytes / median / 1e9).toFixed(2);
    const ms = [minimum, median, maximum].map((s) => (1000 * s).toFixed(3));
    return [operation, numbers.toLocaleString('en'), formatBytes(bytes), ...ms, rate];
  });
  const titles = ['operation', 'numbers of a rank', 'sent by a rank', 'min ms', 'median ms', 'max ms', 'GB/s'];
  const pairs = [
    ['ranks', `${ranks} (${transport})`],
    ['rounds', `${rounds}, all sizes in turn; times of rank 0`],
  ] as const;
  return [{ pairs }, figures(titles, rows, { left: [0] })];
}
