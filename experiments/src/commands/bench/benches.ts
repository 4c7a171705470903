import type { OptionsOf } from '../../unread-options.ts';
import { csv } from './csv.ts';
import { attention, gemm, gpu, softmax, stock } from './kernels.ts';
import { evaluate, generate } from './ranking.ts';
import { exchange, ranks } from './ranks.ts';
import type { Bench } from './request.ts';
import { serve } from './serve.ts';
import { tables } from './tables.ts';
import { catalogue, epoch, memory, step, threads } from './training.ts';

/** Every benchmark, by the name that `seqrec bench` takes. */
export const BENCHES: Readonly<Record<string, Bench>> = {
  ...{ epoch, step, gemm, attention, softmax, evaluate, stock, csv, catalogue, threads, memory, gpu },
  ...{ serve, exchange, ranks, tables, generate },
};

/** What each can be told, besides what all can be; `attention --memory` where that is another measurement. */
export const READS: OptionsOf = Object.fromEntries(
  Object.entries(BENCHES).flatMap(([name, { reads, memoryReads }]) => [
    [name, reads],
    ...(memoryReads === undefined ? [] : [[`${name} --memory`, memoryReads]]),
  ]),
);
