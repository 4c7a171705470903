import {
  type EpochCoverage,
  type Interactions,
  leaveLastOut,
  type SlidingRule,
  slidingWindows,
  windowCoverage,
} from '@seqrec/data';
import { formatCount } from '../terminal/format.ts';
import { renderPairs, renderTable } from '../terminal/table.ts';

export interface CoverageRequest {
  readonly rule: SlidingRule;
  readonly maxLength: number;
  readonly maxHistory?: number;
  readonly stride: number;
  readonly seed: number;
  readonly epochs: number;
  readonly controlEpochs: number;
}

export interface WindowCoverageReport {
  readonly dataset: string;
  readonly request: CoverageRequest;
  /** Users whose training history is longer than a window. */
  readonly longUsers: number;
  readonly users: number;
  readonly coverage: readonly EpochCoverage[];
}

/** What the windows of a rule reach in the training part of leave-last-out, epoch by epoch. */
export function coverWindows(interactions: Interactions, request: CoverageRequest): WindowCoverageReport {
  const { epochs, controlEpochs, maxLength } = request;
  const { train } = leaveLastOut(interactions);
  const policy = slidingWindows({ ...request, schedule: { epochs, controlEpochs } });
  let longUsers = 0;
  for (let e = 0; e < train.targets.length; e++) if (train.targets[e] - train.starts[e] > maxLength) longUsers++;
  return {
    dataset: interactions.name,
    request,
    longUsers,
    users: train.targets.length,
    coverage: windowCoverage(train, policy, epochs),
  };
}

export function renderCoverage({ dataset, request, longUsers, users, coverage }: WindowCoverageReport): string {
  const { rule, maxLength, maxHistory, stride, epochs, controlEpochs } = request;
  const steps = rule === 'strided-offset' ? maxLength : stride;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const facts = renderPairs([
    ['data', `${dataset}, training part of leave-last-out`],
    ['windows', `${rule}, ${maxLength} events, stride ${steps}, history ${maxHistory ?? 'all'}`],
    ['epochs', `${epochs}, the first ${controlEpochs} with the newest window`],
    [
      'users with a longer history',
      `${formatCount(longUsers)} of ${formatCount(users)} (${percent(longUsers / users)})`,
    ],
  ]);
  const titles = ['epoch', 'examples', 'tokens', 'cost', 'covered so far'];
  return `${facts}\n\n${renderTable(
    titles.map((title) => ({ title, align: 'right' as const })),
    coverage.map((at) => [
      String(at.epoch),
      formatCount(at.examples),
      formatCount(at.tokens),
      at.cost.toFixed(2),
      percent(at.covered),
    ]),
  )}`;
}
