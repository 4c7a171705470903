import { countDuplicates } from '../assemble.ts';
import { happenedEvents } from '../examples/happened-events.ts';
import { optionHint } from '../problems.ts';
import { tieOrder } from '../tie-order.ts';
import { isInHistory, lastOfHistory, trainingEvents } from './histories.ts';
import { type LeakageCheck, percent } from './leakage-check.ts';
import { columnChecks } from './leakage-columns.ts';
import { requestChecks, userChecks } from './leakage-groups.ts';
import { historyChecks } from './leakage-histories.ts';
import { labelChecks } from './leakage-labels.ts';
import { teacherChecks } from './leakage-teachers.ts';
import { timeChecks } from './leakage-times.ts';
import type { Split } from './split.ts';

export interface LeakageReport {
  readonly protocol: Split['protocol'];
  /** True when some check has the verdict `leak`. */
  readonly leaks: boolean;
  readonly checks: readonly LeakageCheck[];
  /** The sentences, one a line. */
  readonly text: string;
}

/** Looks for ways in which the test targets could be known in training. */
export function leakageReport(split: Split): LeakageReport {
  const trained = trainingEvents(split.train);
  const checks = [
    ...targetOverlap(split, trained),
    ...timeChecks(split, trained),
    ...userChecks(split, trained),
    ...requestChecks(split, trained),
    ...historyChecks(split),
    newItems(split, trained),
    repeatedTargets(split),
    lastTwoTies(split),
    orderInsideTies(split),
    duplicateRows(split),
    ...columnChecks(split, trained),
    ...labelChecks(split),
    ...teacherChecks(split),
  ];
  return {
    protocol: split.protocol,
    leaks: checks.some((check) => check.verdict === 'leak'),
    checks,
    text: checks.map((check) => `${check.verdict}: ${check.text}`).join('\n'),
  };
}

function targetOverlap(split: Split, trained: Uint8Array): LeakageCheck[] {
  const checks: LeakageCheck[] = [];
  for (const set of [split.validation, split.test]) {
    if (set === undefined) continue;
    let count = 0;
    for (const target of set.targets) count += trained[target];
    const share = count / set.targets.length;
    checks.push({
      name: `${set.name}-targets-in-training`,
      value: count,
      share,
      verdict: count > 0 ? 'leak' : 'ok',
      text: `${count} of ${set.targets.length} ${set.name} targets are events that training reads.`,
    });
  }
  if (split.validation !== undefined) {
    const tested = new Uint8Array(trained.length);
    for (const target of split.test.targets) tested[target] = 1;
    const count = split.validation.targets.reduce((sum, target) => sum + tested[target], 0);
    checks.push({
      name: 'validation-targets-in-test',
      value: count,
      share: count / split.validation.targets.length,
      verdict: count > 0 ? 'leak' : 'ok',
      text: `${count} validation targets are also test targets.`,
    });
  } else {
    checks.push({
      name: 'no-validation-part',
      value: 1,
      share: 1,
      verdict: 'note',
      text: 'there is no validation part: choosing a checkpoint or a setting by the test score is choosing on the test set.',
    });
  }
  return checks;
}

function newItems(split: Split, trained: Uint8Array): LeakageCheck {
  const { interactions, test } = split;
  const known = new Uint8Array(interactions.numItems + 1);
  for (let e = 0; e < trained.length; e++) if (trained[e] === 1) known[interactions.itemIds[e]] = 1;
  let targets = 0;
  const items = new Set<number>();
  for (const target of test.targets) {
    const item = interactions.itemIds[target];
    if (known[item] === 1) continue;
    targets++;
    items.add(item);
  }
  const share = targets / test.targets.length;
  return {
    name: 'items-first-seen-in-test',
    value: items.size,
    share,
    verdict: items.size === 0 ? 'ok' : 'note',
    text: `${items.size} items never occur in training but are test targets (${targets} targets, ${percent(share)}).`,
  };
}

function repeatedTargets(split: Split): LeakageCheck {
  const { interactions, test } = split;
  let count = 0;
  for (let e = 0; e < test.targets.length; e++) {
    const target = test.targets[e];
    if (isInHistory(test, e, interactions.itemIds[target])) count++;
  }
  const share = count / test.targets.length;
  return {
    name: 'test-targets-in-own-history',
    value: count,
    share,
    verdict: count === 0 ? 'ok' : 'note',
    text:
      `${count} test targets (${percent(share)}) are items of the user's own history` +
      `${count === 0 ? '.' : '. They stay candidates: an evaluation that excludes seen items never excludes the target.'}`,
  };
}

function lastTwoTies(split: Split): LeakageCheck {
  const { interactions, test } = split;
  let count = 0;
  if (interactions.hasTimestamps !== false) {
    for (let e = 0; e < test.targets.length; e++) {
      const last = lastOfHistory(test, e);
      if (last >= 0 && interactions.timestamps[test.targets[e]] === interactions.timestamps[last]) count++;
    }
  }
  const share = count / test.targets.length;
  return {
    name: 'test-target-ties-with-history',
    value: count,
    share,
    verdict: count === 0 ? 'ok' : 'note',
    text:
      `${count} test targets (${percent(share)}) have the time of the ${split.examples === 'impressions' || split.histories !== undefined ? 'last event of their history' : 'event before them'}` +
      `${count === 0 ? '.' : ': which of the two is the target is decided by the tie rule, not by the data.'}`,
  };
}

function orderInsideTies(split: Split): LeakageCheck {
  const { oneWay, repeatedPairs, oneWayByChance, resolution, suspicious } = tieOrder(split.interactions);
  const days = resolution > 0 && resolution % 86_400 === 0 ? ' (times are whole days)' : '';
  return {
    name: 'order-inside-ties',
    value: oneWay,
    share: repeatedPairs === 0 ? 0 : oneWay / repeatedPairs,
    verdict: suspicious ? 'note' : 'ok',
    text:
      `${oneWay} of ${repeatedPairs} pairs of items that were neighbours at the same time${days} more than once always came ` +
      `the same way round, ${Math.round(oneWayByChance)} would by chance` +
      (suspicious
        ? `: the order inside a time is one of items, and a model can learn it; ${optionHint('ties', 'shuffle')} breaks it.`
        : '.'),
  };
}

function duplicateRows(split: Split): LeakageCheck {
  const i = happenedEvents(split.interactions);
  const count = i.hasTimestamps === false ? 0 : countDuplicates(i.userOffsets, i.itemIds, i.timestamps);
  return {
    name: 'duplicate-rows',
    value: count,
    share: count / i.numEvents,
    verdict: count === 0 ? 'ok' : 'note',
    text: `${count} events repeat an earlier user, item and time.`,
  };
}
