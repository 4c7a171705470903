// A thread that moves rows between a file and the slots of a cache; `row-threads.ts` starts it.
import { parentPort, workerData } from 'node:worker_threads';
import { copyRows } from './copy-rows.ts';
import { RowMover, type RowSpace } from './row-mover.ts';
import type { ThreadReply, ThreadRequest } from './row-threads.ts';

const space = workerData as RowSpace;
const mover = new RowMover(space);
const port = parentPort!;

port.on('message', (request: ThreadRequest) => {
  port.postMessage(answer(request));
});

function answer(request: ThreadRequest): ThreadReply {
  try {
    if ('move' in request) return { moved: mover.move(request.move) };
    copyRows(space, request.copyTo);
    return {};
  } catch (error) {
    return { error: (error as Error).message };
  }
}
