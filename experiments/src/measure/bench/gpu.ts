import * as tf from '@tensorflow/tfjs-core';
import { UsageError } from '../../errors.ts';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { formatBytes } from '../../terminal/format.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { ATTENTIONS, type AttentionPoint, attentionSubject, attentionWork } from './attention-problem.ts';
import { type DevicePeak, devicePeak, deviceSeconds, deviceSecondsOfCall } from './device-clock.ts';
import { type GpuPeer, type GpuPeerTimes, measurePeer } from './gpu-peer.ts';
import { type GpuProgram, rowPrograms } from './gpu-programs.ts';
import { median } from './statistics.ts';

const LENGTHS = [256, 1024, 4096, 16_384];
const WIDTHS = [32, 64, 128];
const HEADS = 4;
/** Tokens of a batch: enough to fill a device; on a CPU that plays one, as few as still tell something. */
const TOKENS = { gpu: 65_536, software: 512 };

export interface GpuRow {
  readonly name: string;
  /** `B x N` of attention, rows of the others. */
  readonly size: string;
  readonly width: number;
  readonly seconds: number;
  /** Useful GFLOP/s, where there is a formula. */
  readonly gflops?: number;
  readonly gbytes: number;
  /** The larger of the shares of both peaks. */
  readonly share: number;
  readonly peer?: GpuPeerTimes;
}

export interface GpuBench {
  readonly backend: string;
  readonly adapter: string;
  readonly software: boolean;
  readonly timestamps: boolean;
  /** In half precision: what uses subgroup matrices. */
  readonly subgroupMatrices?: string;
  readonly peak: DevicePeak;
  readonly rows: readonly GpuRow[];
  /** Of the PyTorch peer; why there is none, or its device. */
  readonly peer?: GpuPeer;
}

export interface GpuRequest {
  readonly backend: BackendOptions;
  readonly rounds: number;
  readonly peer: boolean;
  readonly quiet: boolean;
  readonly lengths?: readonly number[];
  readonly widths?: readonly number[];
  readonly tokens?: number;
}

/** Rates of each program on the device, against our own product and copy, and with `peer` against PyTorch. */
export async function benchGpu(request: GpuRequest): Promise<GpuBench> {
  const { backend, details } = await startGpu(request.backend);
  const progress = new Progress({ quiet: request.quiet });
  const tokens = request.tokens ?? (details.software ? TOKENS.software : TOKENS.gpu);
  const lengths = request.lengths ?? (details.software ? LENGTHS.filter((n) => n <= tokens) : LENGTHS);
  const widths = request.widths ?? (details.software ? [64] : WIDTHS);
  const peak = await devicePeak(details.software ? 512 : 4096);
  const points = lengths.flatMap((length) =>
    widths.flatMap((width) =>
      ATTENTIONS.map((kind) => ({
        kind,
        length,
        width,
        heads: HEADS,
        sequences: Math.max(1, Math.floor(tokens / length)),
      })),
    ),
  );
  const peer = request.peer ? measurePeer(points) : undefined;
  const rows: GpuRow[] = [];
  progress.start();
  const total = points.length + widths.length;
  const measure = async (programs: readonly GpuProgram[], size: string, width: number): Promise<void> => {
    for (const program of programs) rows.push(await rowOf(program, { size, width, peak, rounds: request.rounds }));
  };
  for (const [done, point] of points.entries()) {
    progress.update({ label: `${point.kind} ${point.sequences} x ${point.length}`, done, total });
    const programs = attentionPrograms(point);
    await measure(programs, `${point.sequences} x ${point.length}`, point.width);
    programs[0].dispose();
    rows.push(
      ...rows.splice(-2).map((row, i) => ({ ...row, peer: peer?.of(point, i === 0 ? 'forward' : 'backward') })),
    );
  }
  for (const [i, width] of widths.entries()) {
    progress.update({ label: `rows of ${width}`, done: points.length + i, total });
    const programs = rowPrograms(tokens, width);
    await measure(programs, String(tokens), width);
    for (const program of programs) program.dispose();
  }
  progress.clear();
  const { adapter, software, features, subgroupMatrices } = details;
  const timestamps = features.includes('timestamp-query');
  return { backend, adapter, software, timestamps, subgroupMatrices, peak, rows, peer };
}

interface Details {
  readonly adapter: string;
  readonly software: boolean;
  readonly features: readonly string[];
  readonly subgroupMatrices?: string;
}

async function startGpu(options: BackendOptions): Promise<{ backend: string; details: Details }> {
  const { backend = 'auto' } = options;
  if (backend !== 'auto' && backend !== 'webgpu') {
    throw new UsageError(`seqrec bench gpu: --backend: expected webgpu; got ${backend}`);
  }
  const choice = await startBackend({ ...options, backend: 'webgpu' });
  return { backend: choice.name, details: choice.details as unknown as Details };
}

/** Forward and backward; both live as long as the first. */
function attentionPrograms(point: AttentionPoint): [GpuProgram, GpuProgram] {
  const subject = attentionSubject(point);
  const work = attentionWork(point);
  const bytes = 4 * point.sequences * point.length * (point.heads ?? 1) * point.width;
  const { dispose } = subject;
  return [
    { name: `${point.kind}, forward`, flops: work.forward, bytes: 4 * bytes, run: subject.forward, dispose },
    { name: `${point.kind}, backward`, flops: work.backward, bytes: 7 * bytes, run: subject.backward, dispose },
  ];
}

async function rowOf(
  program: GpuProgram,
  { size, width, peak, rounds }: { size: string; width: number; peak: DevicePeak; rounds: number },
): Promise<GpuRow> {
  const times: number[] = [];
  // The first call compiles.
  for (let i = 0; i <= rounds; i++) times.push(await deviceSecondsOfCall(() => program.run()));
  const seconds = median(times.slice(1));
  const gflops = program.flops / seconds / 1e9;
  const gbytes = program.bytes / seconds / 1e9;
  const share = Math.max(gflops / peak.gflops, gbytes / peak.gbytes);
  return { name: program.name, size, width, seconds, gflops: program.flops === 0 ? undefined : gflops, gbytes, share };
}

export interface GpuMemory {
  readonly adapter: string;
  readonly point: AttentionPoint;
  readonly bytes: number;
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
}

/**
 * Device memory of one long sequence, forward and backward, inputs and gradients included: what
 * the pool holds after it.
 */
export async function gpuMemory(request: {
  backend: BackendOptions;
  length: number;
  width: number;
}): Promise<GpuMemory> {
  const { details } = await startGpu(request.backend);
  const { length, width } = request;
  const point: AttentionPoint = { kind: 'hstu+bias', length, width, heads: HEADS, sequences: 1 };
  const subject = attentionSubject(point);
  const forwardSeconds = await deviceSeconds(subject.forward);
  const backwardSeconds = await deviceSeconds(subject.backward);
  const bytes = (tf.memory() as tf.MemoryInfo & { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU;
  subject.dispose();
  return { adapter: details.adapter, point, bytes, forwardSeconds, backwardSeconds };
}

export function listGpuMemory({ adapter, point, bytes, forwardSeconds, backwardSeconds }: GpuMemory): Listing {
  const { length, width, heads, kind } = point;
  return lines(
    `${adapter}: ${kind}, N = ${length}, H = ${heads}, A = C = ${width}: ${formatBytes(bytes)} of device memory, inputs and gradients included; forward ${forwardSeconds.toFixed(1)} s, backward ${backwardSeconds.toFixed(1)} s`,
  );
}

export function listGpuBench(bench: GpuBench): Listing {
  const { peer, peak, rows } = bench;
  const compared = rows.some((row) => row.peer);
  const cells = rows.map(({ name, size, width, seconds, gflops, gbytes, share, peer: other }) => [
    name,
    size,
    String(width),
    (seconds * 1000).toFixed(3),
    gflops === undefined ? '-' : (gflops / 1000).toPrecision(3),
    gbytes.toFixed(1),
    `${(100 * share).toFixed(0)} %`,
    ...(compared ? [other === undefined ? '-' : `${(other.seconds / seconds).toFixed(2)}x ${other.variant}`] : []),
  ]);
  const titles = ['program', 'B x N', 'A or D', 'ms', 'TFLOP/s', 'GB/s', 'of peak', ...(compared ? ['torch'] : [])];
  const { subgroupMatrices } = bench;
  const clock = bench.timestamps ? 'timestamps of the device' : 'host time until the device is done';
  return [
    ...lines(
      `${bench.adapter}${bench.software ? ' (software: not a GPU)' : ''}; medians by ${clock}; attention has ${HEADS} heads`,
      subgroupMatrices !== undefined && `half precision; subgroup matrices ${subgroupMatrices}`,
      'TFLOP/s of useful work: 4 A a pair forward, 2.5 times that backward, the causal half only',
      `peak: ${(peak.gflops / 1000).toPrecision(3)} TFLOP/s (our square product), ${peak.gbytes.toFixed(0)} GB/s (addition), both measured here`,
      compared && `torch: its seconds over ours, on ${peer?.device}`,
    ),
    figures(titles, cells),
    ...lines(peer?.missing !== undefined && `PyTorch: ${peer.missing}`),
  ];
}
