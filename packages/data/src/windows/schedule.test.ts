import { describe, expect, it } from 'vitest';
import { isControlEpoch, type MixedSchedule, scheduleOrders, slidingEpochsBefore } from './schedule.ts';

const modes = (schedule: MixedSchedule, epochs: number): string =>
  Array.from({ length: epochs }, (_, epoch) => (isControlEpoch(schedule, epoch) ? 'c' : 's')).join('');

describe('mixed schedule', () => {
  it('uses the newest window in X of N epochs, turn after turn', () => {
    expect(modes({ epochs: 5, controlEpochs: 2 }, 10)).toBe('ccsssccsss');
    expect(modes({ epochs: 5, controlEpochs: 2, order: 'control-first' }, 5)).toBe('ccsss');
    expect(modes({ epochs: 5, controlEpochs: 2, order: 'sliding-first' }, 10)).toBe('ssscc'.repeat(2));
    // Spread evenly: the k-th control epoch ends the k-th of X equal parts.
    expect(modes({ epochs: 7, controlEpochs: 3, order: 'interleaved' }, 14)).toBe('sscscsc'.repeat(2));
    expect(modes({ epochs: 4, controlEpochs: 2, order: 'interleaved' }, 4)).toBe('scsc');
    expect(isControlEpoch(undefined, 0)).toBe(false);
  });

  it('counts the sliding epochs before each epoch', () => {
    expect(slidingEpochsBefore(undefined, 6)).toBe(6);
    for (const order of scheduleOrders) {
      for (const controlEpochs of [0, 1, 2, 3]) {
        const schedule = { epochs: 3, controlEpochs, order };
        let sliding = 0;
        for (let epoch = 0; epoch < 9; epoch++) {
          expect(slidingEpochsBefore(schedule, epoch)).toBe(sliding);
          if (!isControlEpoch(schedule, epoch)) sliding++;
        }
      }
    }
  });

  it.each([
    [{ epochs: 0, controlEpochs: 0 }, 'MixedSchedule: expected epochs of 1 or more, a whole number; got 0'],
    [{ epochs: 2.5, controlEpochs: 0 }, 'expected epochs of 1 or more, a whole number; got 2.5'],
    [{ epochs: 2, controlEpochs: -1 }, 'expected controlEpochs of 0 or more, a whole number; got -1'],
    [{ epochs: 2, controlEpochs: 3 }, 'MixedSchedule: expected controlEpochs up to 2; got 3'],
    [
      { epochs: 2, controlEpochs: 2, order: 'random' },
      'MixedSchedule: expected order control-first, sliding-first, interleaved; got random',
    ],
  ])('refuses %j', (schedule, message) => {
    expect(() => isControlEpoch(schedule as MixedSchedule, 0)).toThrow(message);
  });

  it('names the option that is wrong', () => {
    const keyOf = (schedule: object): unknown => {
      try {
        isControlEpoch(schedule as MixedSchedule, 0);
      } catch (error) {
        return (error as { key?: unknown }).key;
      }
      return undefined;
    };
    expect(keyOf({ epochs: 2, controlEpochs: 3 })).toBe('controlEpochs');
    expect(keyOf({ epochs: 2, controlEpochs: 2, order: 'random' })).toBe('order');
    expect(keyOf({ epochs: 2, controlEpochs: 2 })).toBeUndefined();
  });
});
