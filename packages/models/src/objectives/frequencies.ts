import type { ExampleSet } from '@seqrec/data';
import { CountMinSketch, type SketchOptions } from './count-min-sketch.ts';

/** How often items are labels. */
export interface Frequencies {
  /** Share of the labels that are `item`; the shares of all items sum to 1 (a sketch: to 1 or a little more). */
  share(item: number): number;
}

/** Calls `visit` with every event of the set that can be a label: the events of each example after its first, target included. */
function visitLabels({ interactions, starts, targets, events }: ExampleSet, visit: (item: number) => void): void {
  const { itemIds } = interactions;
  for (let e = 0; e < targets.length; e++) {
    if (starts[e] === targets[e]) continue;
    if (events === undefined) for (let event = starts[e] + 1; event < targets[e]; event++) visit(itemIds[event]);
    else for (let i = events.offsets[e] + 1; i < events.offsets[e + 1]; i++) visit(itemIds[events.indices[i]]);
    visit(itemIds[targets[e]]);
  }
}

/** Exact shares; `numItems + 1` numbers of memory. */
export function exactFrequencies(examples: ExampleSet): Frequencies {
  const counts = new Float64Array(examples.interactions.numItems + 1);
  let total = 0;
  visitLabels(examples, (item) => {
    counts[item]++;
    total++;
  });
  return { share: (item) => counts[item] / Math.max(1, total) };
}

/** Shares by a count-min sketch; `8 depth width` bytes of memory whatever the number of items, 2 MiB unless told otherwise. */
export function sketchFrequencies(examples: ExampleSet, options?: SketchOptions): Frequencies {
  const sketch = new CountMinSketch(options);
  visitLabels(examples, (item) => sketch.add(item));
  return { share: (item) => sketch.estimate(item) / Math.max(1, sketch.total) };
}
