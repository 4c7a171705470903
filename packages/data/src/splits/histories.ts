import type { ExampleSet } from './split.ts';

/** The last event of a history, -1 when it is empty. */
export function lastOfHistory({ starts, targets, events }: ExampleSet, example: number): number {
  const length = targets[example] - starts[example];
  if (length === 0) return -1;
  return events === undefined ? targets[example] - 1 : events.indices[events.offsets[example] + length - 1];
}

/** Whether an item is in the history of an example. */
export function isInHistory({ interactions, starts, targets, events }: ExampleSet, example: number, item: number) {
  const { itemIds } = interactions;
  if (events === undefined) return itemIds.subarray(starts[example], targets[example]).includes(item);
  const begin = events.offsets[example];
  const end = begin + targets[example] - starts[example];
  for (let k = begin; k < end; k++) if (itemIds[events.indices[k]] === item) return true;
  return false;
}

/** 1 for events that training reads, as input or target. */
export function trainingEvents({ interactions, starts, targets, events }: ExampleSet): Uint8Array {
  const trained = new Uint8Array(interactions.numEvents);
  if (events === undefined) {
    for (let e = 0; e < targets.length; e++) trained.fill(1, starts[e], targets[e] + 1);
    return trained;
  }
  // Histories share their lists: how many begin and end at each place, summed up, and not one by one.
  const depth = new Int32Array(events.indices.length + 1);
  for (let e = 0; e < targets.length; e++) {
    depth[events.offsets[e]]++;
    depth[events.offsets[e] + targets[e] - starts[e]]--;
    trained[targets[e]] = 1;
  }
  let open = 0;
  for (let k = 0; k < events.indices.length; k++) {
    open += depth[k];
    if (open > 0) trained[events.indices[k]] = 1;
  }
  return trained;
}
