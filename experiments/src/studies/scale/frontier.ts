import type { StudyPoint } from '../study/study.ts';
import type { Fit } from './fit.ts';

/** What is read off a point, and which direction is better. */
export interface Quantity {
  readonly name: string;
  readonly label: string;
  readonly better: 'lower' | 'higher';
  value(point: StudyPoint): number;
}

export const lossQuantity: Quantity = {
  name: 'loss',
  label: 'held-out loss (nats)',
  better: 'lower',
  value: (point) => point.loss,
};

export function metricQuantity(name: string): Quantity {
  return { name, label: metricLabel(name), better: 'higher', value: (point) => point.metrics[name] };
}

const SETS: Readonly<Record<string, string>> = {
  recent: 'recent windows, held-out users',
  older: 'older windows, held-out users',
  items: 'item vectors, same-genre neighbours',
};

/** `MRR (older windows, held-out users)` of `older/MRR`; `HR@10 (held-out)`. */
function metricLabel(name: string): string {
  const [set, metric] = name.includes('/') ? name.split('/') : ['', name];
  return `${metric} (${SETS[set] ?? 'held-out'})`;
}

/** Of the points at each level the best one, by level: what the encoder can do with that much compute. */
export function frontier(points: readonly StudyPoint[], quantity: Quantity): StudyPoint[] {
  const sign = quantity.better === 'lower' ? 1 : -1;
  const best = new Map<number, StudyPoint>();
  for (const point of points) {
    const held = best.get(point.mark);
    if (held === undefined || sign * quantity.value(point) < sign * quantity.value(held)) best.set(point.mark, point);
  }
  return [...best.values()].sort((a, b) => a.mark - b.mark);
}

/** The frontier of an encoder and the laws fitted to it. */
export interface EncoderLaw {
  readonly encoder: string;
  readonly quantity: Quantity;
  readonly best: readonly StudyPoint[];
  readonly fits: readonly Fit[];
}
