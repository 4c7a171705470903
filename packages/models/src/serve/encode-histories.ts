import { type ExampleSet, type Interactions, makeBatch, type UserVectors } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch } from '../inputs.ts';
import { encodeLast, type TokenEncoder } from '../model.ts';
import { rowsStay } from '../registry.ts';
import { yieldToEventLoop } from '../train/yield.ts';

export interface EncodeHistoriesOptions {
  /** Windows encoded at a time, default 64. */
  readonly batchSize?: number;
  /** Events that have their vector, of all. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/**
 * The vector of every user after each event: the row of {@link TokenEncoder.encode} at the event, asked for at the
 * time of the next one (after a user's last event at its own). Of a history longer than the model reads, windows of
 * `maxSequenceLength` half of which overlap: each event then has at least half a window before it. Where rows change
 * when later events come ({@link rowsStay}), each event has a pass of its own over the latest `maxSequenceLength` up to
 * it, as no vector may know of what came after.
 */
export async function encodeHistories(
  model: TokenEncoder,
  interactions: Interactions,
  { batchSize = 64, onProgress }: EncodeHistoriesOptions = {},
): Promise<UserVectors> {
  const apart = !rowsStay(model.config);
  const windows = (apart ? ownWindows : windowsOf)(interactions, model.maxSequenceLength);
  const total = interactions.numEvents;
  let values: Float32Array | undefined;
  let width = 0;
  let done = 0;
  for (const block of blocksOf(windows, batchSize)) {
    const batch = uploadBatch(
      makeBatch(
        exampleSet(interactions, block),
        block.map((_, i) => i),
        model.columns,
      ),
    );
    let encoded: tf.Tensor2D | undefined;
    try {
      encoded = tf.tidy(() =>
        apart ? encodeLast(model, batch) : model.encode(batch, { training: false, step: 0, seed: 0 }),
      );
      width = encoded.shape[1];
      values ??= new Float32Array(total * width);
      const rows = (await encoded.data()) as Float32Array;
      let at = 0;
      for (const { start, from, past } of block) {
        // Of a pass of its own an event has the only row.
        const skipped = apart ? 0 : from - start;
        values.set(rows.subarray((at + skipped) * width, (at + skipped + past - from) * width), from * width);
        at += skipped + past - from;
        done += past - from;
      }
    } finally {
      encoded?.dispose();
      batch.dispose();
    }
    onProgress?.({ done, total });
    await yieldToEventLoop();
  }
  return { width, values: values ?? new Float32Array(0) };
}

/** Events `start .. past - 1` are read, and those from `from` on are given their vectors. */
interface Window {
  readonly user: number;
  readonly start: number;
  readonly from: number;
  readonly past: number;
}

function* windowsOf({ userOffsets }: Interactions, length: number): Generator<Window> {
  const step = Math.max(1, Math.floor(length / 2));
  for (let user = 0; user + 1 < userOffsets.length; user++) {
    const [first, end] = [userOffsets[user], userOffsets[user + 1]];
    for (let from = first, start = first; from < end; ) {
      const past = Math.min(end, start + length);
      yield { user, start, from, past };
      from = past;
      start = Math.min(past, start + step);
    }
  }
}

/** A window for each event: the latest `length` of its user up to it. */
function* ownWindows({ userOffsets }: Interactions, length: number): Generator<Window> {
  for (let user = 0; user + 1 < userOffsets.length; user++) {
    for (let event = userOffsets[user]; event < userOffsets[user + 1]; event++) {
      const start = Math.max(userOffsets[user], event + 1 - length);
      yield { user, start, from: event, past: event + 1 };
    }
  }
}

/** As they come, `size` at a time: there may be a window for every event of the data. */
function* blocksOf(windows: Iterable<Window>, size: number): Generator<Window[]> {
  let block: Window[] = [];
  for (const window of windows) {
    block.push(window);
    if (block.length < size) continue;
    yield block;
    block = [];
  }
  if (block.length > 0) yield block;
}

/** The windows as examples; what follows the last event of a user is taken to be at its own time. */
function exampleSet(interactions: Interactions, windows: readonly Window[]): ExampleSet {
  const { userOffsets } = interactions;
  const offsets = new Int32Array(windows.length + 1);
  windows.forEach(({ start, past }, i) => {
    offsets[i + 1] = offsets[i] + past - start;
  });
  const indices = new Int32Array(offsets[windows.length]);
  windows.forEach(({ start, past }, i) => {
    for (let event = start; event < past; event++) indices[offsets[i] + event - start] = event;
  });
  const targets = Int32Array.from(windows, ({ user, past }) => Math.min(past, userOffsets[user + 1] - 1));
  return {
    name: 'test',
    interactions,
    users: Int32Array.from(windows, ({ user }) => user),
    starts: targets.map((target, i) => target - (windows[i].past - windows[i].start)),
    targets,
    events: { offsets, indices },
  };
}
