import type { JoinedTeacher } from '../interactions.ts';
import { type LeakageCheck, percent } from './leakage-check.ts';
import type { ExampleSet, Split } from './split.ts';

/**
 * What teachers say of the rows of a split, and whether they know what is tested: a teacher that was trained on test
 * rows tells them to whoever learns from it.
 */
export function teacherChecks(split: Split): LeakageCheck[] {
  return split.interactions.steps.flatMap(({ teacher }) =>
    teacher === undefined ? [] : [share(split, teacher), ...knownRows(split, teacher), ...knownTimes(split, teacher)],
  );
}

function share({ train }: Split, teacher: JoinedTeacher): LeakageCheck {
  const count = taughtRows(train, teacher);
  const part = count / train.targets.length;
  return {
    name: 'teacher-training-rows',
    value: count,
    share: part,
    verdict: count === 0 ? 'warning' : 'ok',
    text: `${count} of ${train.targets.length} training rows (${percent(part)}) have a prediction of the teacher ${teacher.name}.`,
  };
}

function knownRows({ validation, test }: Split, teacher: JoinedTeacher): LeakageCheck[] {
  return [validation, test].flatMap((set): LeakageCheck[] => {
    if (set === undefined) return [];
    const count = teacher.trainedOn === false ? 0 : taughtRows(set, teacher);
    const isKnown = teacher.trainedOn !== undefined || count === 0;
    return [
      {
        name: `teacher-trained-on-${set.name}-rows`,
        value: count,
        share: count / set.targets.length,
        verdict: count === 0 ? 'ok' : isKnown ? 'leak' : 'note',
        text: isKnown
          ? `${count} of ${set.targets.length} ${set.name} targets are events that the teacher ${teacher.name} was trained on.`
          : `the store does not say whether its teacher ${teacher.name} was trained on the ${count} of ${set.targets.length} ${set.name} targets that have a prediction.`,
      },
    ];
  });
}

function knownTimes(
  { interactions: { timestamps }, protocol, cuts, test }: Split,
  { name, trainedTo }: JoinedTeacher,
): LeakageCheck[] {
  if (trainedTo === undefined) return [];
  const first =
    cuts?.testTime ??
    test.targets.reduce((least, event) => Math.min(least, timestamps[event]), Number.POSITIVE_INFINITY);
  const isLate = trainedTo >= first;
  // Where rows are split by chance all that trains is as late.
  const byTime = protocol === 'rows-by-time' || protocol === 'global-time';
  const [to, cut] = [trainedTo, first].map((seconds) => new Date(seconds * 1000).toISOString());
  return [
    {
      name: 'teacher-trained-after-test-cut',
      value: Number(isLate),
      share: Number(isLate),
      verdict: !isLate ? 'ok' : byTime ? 'leak' : 'note',
      text: `the teacher ${name} was trained to ${to}, ${isLate ? 'not ' : ''}before the ${cuts === undefined ? 'earliest test target' : 'test cut'}, ${cut}.`,
    },
  ];
}

/** Rows of a set with a prediction. */
function taughtRows({ interactions, targets }: ExampleSet, { columns }: JoinedTeacher): number {
  const said = columns.flatMap((name) => {
    const column = interactions.events.columns.get(name);
    return column?.kind === 'number' ? [column.values] : [];
  });
  return targets.reduce((count, event) => count + Number(said.some((values) => !Number.isNaN(values[event]))), 0);
}
