import { withSwitches } from './hstu/blocks.ts';
import type { ObjectiveConfig } from './objectives/config.ts';
import type { ModelConfig } from './registry.ts';

/** A setting that makes times matter, and what it can be instead. */
export interface TimeReader {
  /** Dotted key below the model or the objective. */
  readonly key: string;
  readonly value: string | boolean;
  /** A value that reads no times; absent where another kind has to be chosen. */
  readonly without?: string | boolean;
}

/** The settings by which a model reads the times of events; none for a model of their order alone. */
export function modelTimeReaders(config: ModelConfig): TimeReader[] {
  if (config.kind === 'pinnerformer') return config.time ? [{ key: 'time', value: true, without: false }] : [];
  if (config.kind !== 'hstu') return [];
  const { relativeBias, inputEncoding } = withSwitches(config);
  return [
    ...(relativeBias === 'position-time'
      ? [{ key: 'relativeBias', value: relativeBias, without: 'position' } as const]
      : []),
    ...(inputEncoding === 'reverse-position-time'
      ? [{ key: 'inputEncoding', value: inputEncoding, without: 'position' } as const]
      : []),
  ];
}

/** The settings by which an objective does: labels of the days after an event. */
export function objectiveTimeReaders({ labels }: ObjectiveConfig): TimeReader[] {
  return 'windowDays' in labels ? [{ key: 'labels.kind', value: labels.kind, without: 'next-item' }] : [];
}
