import { type ExampleSet, makeBatch } from '@seqrec/data';
import { createScorer, encodeLast, incrementalOf, type TokenEncoder, uploadBatch, userEvent } from '@seqrec/models';
import { windowed } from '../../data/dataset.ts';
import { evenSelection } from '../study/run-arm.ts';

/** Milliseconds of one request, of the encoder alone: medians over users of a set, one user at a time. */
export interface RequestCost {
  /** The whole window of the long model. */
  readonly longFull: number;
  /** One event more, from kept keys and values; absent where the model has no such state. */
  readonly longCached?: number;
  /** The window of the small model alone. */
  readonly small: number;
  /** The same window with stored vectors and their ages: what answers beside the long model. */
  readonly pair: number;
}

/** Users that are timed. */
const USERS = 200;

/** `withVectors` is `set` with the column of vectors that the model `aged` reads. */
export async function requestCost(
  models: { readonly long: TokenEncoder; readonly small: TokenEncoder; readonly aged: TokenEncoder },
  { set, withVectors }: { readonly set: ExampleSet; readonly withVectors: ExampleSet },
): Promise<RequestCost> {
  const chosen = evenSelection(set, USERS);
  const longCached = await cachedRequest(models.long, chosen);
  return {
    longFull: await fullRequest(models.long, chosen),
    ...(longCached !== undefined && { longCached }),
    small: await fullRequest(models.small, chosen),
    pair: await fullRequest(models.aged, evenSelection(withVectors, USERS)),
  };
}

async function fullRequest(model: TokenEncoder, set: ExampleSet): Promise<number> {
  const examples = windowed(set, model.maxSequenceLength);
  return medianMs(examples, async (example) => {
    const batch = uploadBatch(makeBatch(examples, [example], model.columns));
    const vector = encodeLast(model, batch);
    await vector.data();
    vector.dispose();
    batch.dispose();
  });
}

/** Appends the newest event and asks at the time of the next. */
async function cachedRequest(model: TokenEncoder, set: ExampleSet): Promise<number | undefined> {
  // A model whose state does not grow reads every event again, and has no scorer that could be asked to append.
  if (!incrementalOf(model).append) return undefined;
  const scorer = createScorer(model);
  try {
    const { itemIds, timestamps, ratings } = set.interactions;
    const eventAt = (e: number) => userEvent(itemIds[e], timestamps[e], ratings?.[e]);
    const examples = windowed(set, model.maxSequenceLength);
    for (let e = 0; e < examples.targets.length; e++) {
      const events = Array.from({ length: examples.targets[e] - 1 - examples.starts[e] }, (_, i) =>
        eventAt(examples.starts[e] + i),
      );
      if (events.length === 0) continue;
      await scorer.append({ user: String(e), events });
      await scorer.encode({ user: String(e), at: events[events.length - 1].time });
    }
    return await medianMs(examples, async (example) => {
      const target = examples.targets[example];
      await scorer.append({ user: String(example), events: [eventAt(target - 1)] });
      await scorer.encode({ user: String(example), at: timestamps[target] });
    });
  } finally {
    await scorer.dispose();
  }
}

async function medianMs({ starts, targets }: ExampleSet, request: (example: number) => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let e = 0; e < targets.length; e++) {
    if (starts[e] === targets[e]) continue;
    const began = performance.now();
    await request(e);
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}
