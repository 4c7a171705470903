import { choiceOption, integerOption } from '../../arguments.ts';
import type { Action, Invocation } from '../../invocation.ts';
import type { SubjectRequest } from '../../measure/bench/subject.ts';
import type { BackendOptions } from '../../run/process/backend.ts';
import type { Listing } from '../../terminal/listing.ts';
import { SETTINGS } from '../../unread-options.ts';

/** Options of `seqrec bench`, as typed. */
export interface BenchOptions extends BackendOptions {
  readonly recipe: unknown;
  readonly data?: unknown;
  readonly repeat?: unknown;
  readonly rounds?: unknown;
  readonly peer?: unknown;
  readonly rows?: unknown;
  readonly cache?: unknown;
  readonly zipf?: unknown;
  readonly ids?: unknown;
  readonly dir?: unknown;
  readonly memory?: boolean;
  readonly large?: boolean;
  readonly users?: unknown;
  readonly items?: unknown;
  readonly tokens?: unknown;
  readonly steps?: unknown;
  readonly embeddings?: unknown;
  readonly length?: unknown;
  readonly width?: unknown;
  readonly heads?: unknown;
  readonly beams?: unknown;
  readonly blocks?: unknown;
  readonly dim?: unknown;
  readonly candidates?: unknown;
  readonly microbatch?: unknown;
  readonly load?: boolean;
  readonly plot?: unknown;
  readonly ranks?: unknown;
  readonly rank?: unknown;
  readonly rendezvous?: unknown;
  readonly shardTables?: unknown;
  readonly shardOptimizer?: boolean;
  readonly run?: unknown;
  readonly minutes?: unknown;
  readonly rate?: unknown;
  readonly workers?: unknown;
  readonly out?: unknown;
  readonly save?: unknown;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Prints a result, and keeps it where `--save` asks for it. */
export type Show = <T>(result: T, list: (result: T) => Listing, kind?: string) => Action;

/** What a benchmark is asked for. */
export interface BenchRequest {
  readonly options: BenchOptions;
  /** Of those that train or evaluate a recipe. */
  readonly training: SubjectRequest;
  /** Absent: as many as the benchmark has by default. */
  readonly rounds: number | undefined;
  readonly invocation: Invocation;
  readonly show: Show;
}

/** One benchmark: its options besides those that all have, and what it does. */
export interface Bench {
  readonly reads: readonly string[];
  /** With `--memory`, where that is another measurement. */
  readonly memoryReads?: readonly string[];
  readonly run: (request: BenchRequest) => Action;
}

export const RECIPE = ['recipe', 'data', SETTINGS];
export const BACKEND = ['backend', 'threads', 'precision'];
/** Products by a native library: the others have none, or backends of their own. */
export const LIBRARY = ['blas', 'blas-from'];

/** Whether the peer `name`, the only one of a benchmark, is asked for. */
export const isAsked = (name: string, peer: unknown): boolean => choiceOption('peer', peer, [name]) !== undefined;

/** Whole numbers with commas. */
export function countList(name: string, value: unknown): number[] {
  return String(value)
    .split(',')
    .map((part) => integerOption(name, part.trim() === '' ? part : Number(part)) as number);
}
