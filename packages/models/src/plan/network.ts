/** What a collective costs: `alpha + bytes / beta`, the bytes of the rank that sends or receives most. */
export interface Network {
  readonly name: string;
  /** `alpha`, seconds of a collective that moves nothing. */
  readonly latency: number;
  /** `beta`, bytes a second that a rank sends while it receives as many. */
  readonly bandwidth: number;
  /** Where the two numbers come from. */
  readonly source: string;
}

/**
 * Presets by name. 600 GB/s inside a machine and 12.5 GB/s between machines are those of torchrec's planner
 * (`planner/constants.py`), 1.25 GB/s is the line rate of 10 Gbit/s; the latencies are of the order that such links
 * have, and matter for small steps alone.
 */
export const NETWORKS = {
  laptop: {
    name: 'laptop',
    latency: 30e-6,
    bandwidth: 5e9,
    source: 'threads of one machine: a barrier of 30 us, copies at 5 GB/s; --measure measures both here',
  },
  '10GbE': {
    name: '10GbE',
    latency: 50e-6,
    bandwidth: 1.25e9,
    source: 'line rate of 10 Gbit/s; latency of a TCP round, about 50 us',
  },
  '100GbE': {
    name: '100GbE',
    latency: 20e-6,
    bandwidth: 12.5e9,
    source: "line rate of 100 Gbit/s, which torchrec's planner takes between machines; latency about 20 us",
  },
  nvlink: {
    name: 'nvlink',
    latency: 10e-6,
    bandwidth: 600e9,
    source: "600 GB/s, which torchrec's planner takes inside a machine; latency about 10 us",
  },
} as const satisfies Readonly<Record<string, Network>>;

export type NetworkName = keyof typeof NETWORKS;

/** Seconds of a collective; one that nobody needs costs nothing. */
export function collectiveSeconds({ latency, bandwidth }: Network, bytes: number): number {
  return latency + bytes / bandwidth;
}
