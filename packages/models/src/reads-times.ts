import { withSwitches } from './encoders/hstu/blocks.ts';
import type { HstuConfig } from './encoders/hstu/config.ts';
import type { PinnerformerConfig } from './encoders/pinnerformer/config.ts';

/** A setting that makes times matter, and what it can be instead. */
export interface TimeReader {
  /** Dotted key below the model or the objective. */
  readonly key: string;
  readonly value: string | boolean;
  /** A value that reads no times; absent where another kind has to be chosen. */
  readonly without?: string | boolean;
}

/** Of HSTU: relative attention bias, and places with times. */
export function hstuTimeReaders(config: HstuConfig): TimeReader[] {
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

/** Of PinnerFormer: its time features. */
export function pinnerformerTimeReaders({ time }: PinnerformerConfig): TimeReader[] {
  return time ? [{ key: 'time', value: true, without: false }] : [];
}
