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
  return { name, label: `${name} (held-out)`, better: 'higher', value: (point) => point.metrics[name] };
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
