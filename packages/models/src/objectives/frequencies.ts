import type { ExampleSet } from '@seqrec/data';
import type { LabelsConfig } from './config.ts';
import { CountMinSketch, type SketchOptions } from './count-min-sketch.ts';
import { visitExpectedLabels } from './expected-labels.ts';

/** How often items are labels. */
export interface Frequencies {
  /** Share of the labels that are `item`; the shares of all items sum to 1 (a sketch: to 1 or a little more). */
  share(item: number): number;
}

/**
 * Exact shares of what the labels draw from the examples, as means over all draws; `numItems + 1` numbers of memory.
 *
 * @param labels which events are labels and how often; default: every event after the first of its example, once.
 * @throws ConfigError when labels have a least rating and the data no ratings.
 */
export function exactFrequencies(examples: ExampleSet, labels: LabelsConfig = { kind: 'next-item' }): Frequencies {
  const counts = new Float64Array(examples.interactions.numItems + 1);
  let total = 0;
  visitExpectedLabels(examples, labels, (item, count) => {
    counts[item] += count;
    total += count;
  });
  return { share: (item) => (total === 0 ? 0 : counts[item] / total) };
}

/**
 * Shares by a count-min sketch; `8 depth width` bytes of memory whatever the number of items, 2
 * MiB unless told otherwise.
 */
export function sketchFrequencies(
  examples: ExampleSet,
  options?: SketchOptions,
  labels: LabelsConfig = { kind: 'next-item' },
): Frequencies {
  const sketch = new CountMinSketch(options);
  visitExpectedLabels(examples, labels, (item, count) => sketch.add(item, count));
  return { share: (item) => (sketch.total === 0 ? 0 : sketch.estimate(item) / sketch.total) };
}
