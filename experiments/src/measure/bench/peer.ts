import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SequenceBatch } from '@seqrec/data';
import type { Field, Model } from '@seqrec/models';

/** Variants of the PyTorch step in `peers/hstu_step.py`. */
export const PEERS = ['research', 'best', 'compile'] as const;
export type Peer = (typeof PEERS)[number];

/** Variants of decoding in `peers/code_models.py`: our own in PyTorch, and `generate` of the library transformers. */
export const GENERATE_PEERS = ['best', 'transformers'] as const;
export type GeneratePeer = (typeof GENERATE_PEERS)[number];

/** What a peer measured, or why it could not. */
export type PeerResult =
  | {
      readonly seconds: readonly number[];
      readonly torch: string;
      /** Numbers that its model learns, where it says. */
      readonly parameters?: number;
    }
  | { readonly missing: string };

/** The first Python that can import torch, or how to get one. */
export function findPython(): { readonly path: string } | { readonly missing: string } {
  for (const path of [process.env.SEQREC_PYTHON, 'python3', '/usr/bin/python3']) {
    if (path === undefined) continue;
    const { status } = spawnSync(path, ['-c', 'import torch'], { encoding: 'utf8' });
    if (status === 0) return { path };
  }
  return {
    missing: 'no Python with torch: install it with `apt-get install python3-torch`, or name one in SEQREC_PYTHON',
  };
}

/** A model and one batch, written where the peers read them. */
export interface PeerInput {
  readonly file: string;
  /** The program of `peers` that reads it. */
  readonly script: string;
  remove(): void;
}

/** Writes what a program of `peers` reads, into a folder of its own. */
export function writeInput(script: string, request: object): PeerInput {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-peer-'));
  const file = join(folder, 'input.json');
  writeFileSync(file, JSON.stringify(request));
  return { file, script, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Writes the shape of the model and the batch: ids with the target at the end, times relative to the first event. */
export function writePeerInput(
  config: Readonly<Record<string, unknown>>,
  numItems: number,
  numNegatives: number,
  temperature: number,
  batch: SequenceBatch,
): PeerInput {
  const lengths: number[] = [];
  const ids: number[][] = [];
  const timestamps: number[][] = [];
  for (let b = 0; b + 1 < batch.offsets.length; b++) {
    const [begin, end] = [batch.offsets[b], batch.offsets[b + 1]];
    if (begin === end) continue;
    lengths.push(end - begin);
    ids.push([...batch.itemIds.subarray(begin, end), batch.targets[end - 1]]);
    const first = batch.timestamps[begin];
    timestamps.push(
      [...batch.timestamps.subarray(begin, end), batch.targetTimestamps[end - 1]].map((t) => Math.round(t - first)),
    );
  }
  const request = { config: { ...config, numItems, numNegatives, temperature }, batch: { lengths, ids, timestamps } };
  return writeInput('hstu_step.py', request);
}

export interface PeerRun {
  readonly peer: Peer | GeneratePeer;
  readonly threads: number;
  readonly steps: number;
  /** Steps before them that are not timed. */
  readonly warmup: number;
  /** Options of the program besides. */
  readonly more?: readonly string[];
}

/** A machine may force an older OpenBLAS kernel; a peer gets the best one for its processor. */
export function peerEnvironment(): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...environment } = process.env;
  return environment;
}

/** Runs one peer for a few steps in a process of its own. */
export function runPeer(
  python: string,
  { file, script }: PeerInput,
  { peer, threads, steps, warmup, more = [] }: PeerRun,
): PeerResult {
  const args = [
    fileURLToPath(new URL(`../../../peers/${script}`, import.meta.url)),
    file,
    '--variant',
    peer,
    '--threads',
    String(threads),
    '--steps',
    String(steps),
    '--warmup',
    String(warmup),
    ...more,
  ];
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', env: peerEnvironment() });
  if (status !== 0) return { missing: `${peer} failed: ${stderr.trim().split('\n').at(-1) ?? `exit ${status}`}` };
  return JSON.parse(stdout) as PeerResult;
}

/** A training step of a kind of model of rows in PyTorch. */
export interface RowPeer {
  /** The program of `peers`. */
  readonly script: string;
  /** What it has of the model, for messages. */
  readonly has: string;
  /** Whether that is this configuration, parsed. */
  takes(config: Readonly<Record<string, unknown>>): boolean;
  /** What it reads besides the fields of rows. */
  parts?(input: RowPeerParts): { readonly shapes?: object; readonly batch: object };
}

/** What {@link RowPeer.parts} is made from. */
export interface RowPeerParts {
  readonly model: Model;
  readonly fields: readonly Field[];
  readonly batch: SequenceBatch;
}
