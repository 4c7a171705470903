import { formatBytes, formatCount } from '../../terminal/format.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import type { Life, LiveBench } from './live.ts';

export function listLiveBench(bench: LiveBench): Listing {
  const { run, minutes, workers, tries, rate, lives, lost, check, logBytes } = bench;
  const named = ['before kill -9', 'after the restart'];
  return [
    ...lines(
      `${run}: a service of ${workers} ${workers === 1 ? 'worker' : 'workers'} and a client in processes of their own; half of the requests add an event, half ask for the top 10; users by Zipf (1.05), arrivals by Poisson whatever the service does`,
    ),
    ...(tries.length === 0
      ? []
      : [
          figures(
            ['requests/s', 'p99 ms', 'refused'],
            tries.map((each) => [each.rate.toFixed(0), each.p99.toFixed(1), String(each.refused)]),
            { left: [], title: 'rates until one does not hold a p99 of 80 ms, twice' },
          ),
        ]),
    figures(
      ['', 'start s', 'requests', 'requests/s', 'p50 ms', 'p99 ms', 'refused', 'cut off', 'memory first', 'last'],
      lives.map((life, i) => cells(named[i], life)),
      { title: `${minutes} minutes at ${rate.toFixed(0)} requests/s` },
    ),
    ...lines(
      `acknowledged events that were missing after kill -9: ${lost}; the log holds ${formatBytes(logBytes)}`,
      `${check.equal} of ${check.compared} answers have the items and the bits of full passes${check.first === undefined ? '' : `; the first that has not: ${check.first}`}`,
    ),
  ];
}

function cells(name: string, { startup, requests, seconds, p50, p99, refused, memory }: Life): string[] {
  const others = Object.entries(refused).filter(([status]) => status !== '0');
  const bytes = (i: number): string => {
    const look = memory.at(i);
    return look === undefined ? '-' : formatBytes(look.bytes);
  };
  return [
    name,
    startup.toFixed(1),
    formatCount(requests),
    (requests / seconds).toFixed(0),
    p50.toFixed(1),
    p99.toFixed(1),
    others.length === 0 ? '0' : others.map(([status, count]) => `${count} x ${status}`).join(', '),
    String(refused['0'] ?? 0),
    bytes(0),
    bytes(-1),
  ];
}
