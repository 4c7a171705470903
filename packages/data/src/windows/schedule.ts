import { OptionError } from '../errors.ts';
import { checkWhole } from './policy.ts';

export const scheduleOrders = ['control-first', 'sliding-first', 'interleaved'] as const;

/**
 * Mixed training: of `epochs` epochs, `controlEpochs` use the newest window and the others slide; later epochs go on in
 * turns of `epochs`.
 *
 * Source: Joshi et al., "Sliding Window Training", RecSys 2024 (N, X); the order of the two is not published.
 */
export interface MixedSchedule {
  /** N */
  readonly epochs: number;
  /** X, 0..N */
  readonly controlEpochs: number;
  /** Default `control-first`. */
  readonly order?: (typeof scheduleOrders)[number];
}

/** Whether an epoch uses the newest window. @throws {OptionError} for a schedule that makes no sense */
export function isControlEpoch(schedule: MixedSchedule | undefined, epoch: number): boolean {
  if (schedule === undefined) return false;
  const { epochs, controlEpochs, order = 'control-first' } = schedule;
  checkWhole('MixedSchedule', 'epochs', epochs, 1);
  checkWhole('MixedSchedule', 'controlEpochs', controlEpochs, 0);
  if (controlEpochs > epochs || !scheduleOrders.includes(order)) {
    const wrong = controlEpochs > epochs ? `controlEpochs up to ${epochs}` : `order ${scheduleOrders.join(', ')}`;
    throw new OptionError('MixedSchedule', `expected ${wrong}; got ${controlEpochs > epochs ? controlEpochs : order}`, {
      key: controlEpochs > epochs ? 'controlEpochs' : 'order',
    });
  }
  const at = epoch % epochs;
  if (order === 'control-first') return at < controlEpochs;
  if (order === 'sliding-first') return at >= epochs - controlEpochs;
  return Math.floor(((at + 1) * controlEpochs) / epochs) > Math.floor((at * controlEpochs) / epochs);
}

/** How many epochs before `epoch` slide: the turn of a rule that goes through the windows one by one. */
export function slidingEpochsBefore(schedule: MixedSchedule | undefined, epoch: number): number {
  if (schedule === undefined) return epoch;
  const { epochs, controlEpochs } = schedule;
  let turn = Math.floor(epoch / epochs) * (epochs - controlEpochs);
  for (let at = epoch - (epoch % epochs); at < epoch; at++) if (!isControlEpoch(schedule, at)) turn++;
  return turn;
}
