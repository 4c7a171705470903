import type { ExampleSet } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';
import { isRanker, type Model, type Ranker } from '../../model.ts';
import { type Head, isOfGroups, parentsOf } from './heads.ts';
import { impliedLabels } from './implied-labels.ts';
import { ACCEPTED, acceptsLabel } from './losses.ts';

/** @throws ConfigError for a model that has not the logits of the heads, and labels that a loss cannot have. */
export function checkRanker(
  model: Model,
  examples: ExampleSet,
  heads: readonly Head[],
  balance: 'fixed' | 'uncertainty',
): void {
  if (!isRanker(model)) {
    throw new ConfigError(
      `trainer: model: expected a model of rows, which ranking trains; got '${model.kind}'; train it under the task 'retrieval'`,
      'model',
    );
  }
  if (model.labels !== heads.length) {
    throw new ConfigError(
      `trainer: model: expected ${heads.length} logits a row, for ${heads.map(({ name }) => name).join(', ')}; got a '${model.kind}' with ${model.labels}; make it with labels: ${heads.length}`,
      'model',
    );
  }
  if (balance === 'uncertainty' && model.logVariances === undefined) {
    throw new ConfigError(
      `trainer: model: expected a model with log variances of its labels, which balance 'uncertainty' learns; got a '${model.kind}' without; make it with logVariances: true`,
      'model',
    );
  }
  if (heads.every(({ weight }) => weight === 0))
    throw new ConfigError('task: lossWeights: expected one above 0; got none', 'lossWeights');
  for (const head of heads) checkLabel(head, examples, parentsOf(heads, head));
}

function checkLabel(head: Head, { interactions, targets }: ExampleSet, parents: readonly Head[]): void {
  const { column: name, loss, condition } = head;
  const own = numbersOf(interactions, name);
  // One that is masked learns from the rows of its parent alone.
  const above = condition === 'masked' ? [] : parents.map(({ column }) => numbersOf(interactions, column));
  const column = impliedLabels(own, above);
  if (head.teacher !== undefined)
    checkTeacher(numbersOf(interactions, head.teacher.column), head.teacher.column, targets);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of targets) {
    const value = column[row];
    if (Number.isNaN(value)) continue;
    if (!acceptsLabel(loss, value)) throw refused(name, loss, value, row);
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  // A part of the heads may learn nothing, and weighted-logistic learns a mean; labels that nobody has are a mistake.
  if (least < most) return;
  throw new ConfigError(
    `task: labels: expected a label that differs between the training rows; got ${least > most ? 'none' : `${least} everywhere`} in ${name}: ${isOfGroups(head) ? 'no row is before another' : 'nothing can be learned from it'}`,
    'labels',
  );
}

/** A column of a label. @throws ConfigError for another kind of column. */
export function numbersOf({ events }: ExampleSet['interactions'], name: string): Float32Array {
  const column = events.columns.get(name);
  if (column?.kind === 'number' && column.width === 1) return column.values;
  throw new ConfigError(
    `task: labels: expected a column of numbers; got ${name}, ${column?.kind ?? 'no column'}`,
    'labels',
  );
}

function checkTeacher(values: Float32Array, name: string, targets: Int32Array): void {
  if (targets.every((row) => Number.isNaN(values[row])))
    throw new ConfigError(
      `task: labels: expected a prediction of a teacher in some training row; got none of the ${targets.length} with one in ${name}; label the rows that train: seqrec labels TEACHER --to STORE`,
      'labels',
    );
  const bad = targets.find((row) => values[row] < 0 || values[row] > 1);
  if (bad === undefined) return;
  throw new ConfigError(
    `task: labels: expected probabilities in ${name}, the predictions of a teacher; got ${values[bad]} in row ${bad}; scores of pairwise and listwise are none, and numbers neither`,
    'labels',
  );
}

function refused(name: string, loss: Head['loss'], value: number, row: number): ConfigError {
  const hint =
    loss === 'binary'
      ? `set the loss to squared, or make a label with --data.label.column ${name}`
      : 'use another loss';
  return new ConfigError(
    `task: labels: expected ${ACCEPTED[loss]} in ${name} for the loss '${loss}'; got ${value} in row ${row}; ${hint}`,
    'labels',
  );
}

/** Whether a head learns from each row by itself, by the losses that branches of a model have as well. */
function isPlainHead({ loss, parent, teacher }: Head): boolean {
  return (loss === 'binary' || loss === 'squared') && parent === undefined && teacher === undefined;
}

/** What models of a form of their own cannot learn. @throws ConfigError naming what the configuration has of it. */
export function checkForm(
  { kind, branches, requests }: Ranker,
  heads: readonly Head[],
  { balance, hasWeights }: { readonly balance: 'fixed' | 'uncertainty'; readonly hasWeights: boolean },
): void {
  const odd = heads.find((head) => !isPlainHead(head));
  if (branches !== undefined && (odd !== undefined || balance !== 'fixed' || hasWeights)) {
    const got = odd !== undefined ? `${odd.name}, ${odd.loss}` : hasWeights ? 'sessionWeights' : `balance ${balance}`;
    throw new ConfigError(
      `task: labels: expected labels of the loss binary or squared without parent, teacher and weights of rows, which the branches of '${kind}' learn; got ${got}`,
      'labels',
    );
  }
  const ofGroups = heads.find(({ loss }) => loss === 'pairwise' || loss === 'listwise');
  if (requests !== undefined && ofGroups !== undefined) {
    throw new ConfigError(
      `task: labels: expected losses of rows with '${kind}', which judges the rows of a request at once; got ${ofGroups.name}, ${ofGroups.loss}`,
      'labels',
    );
  }
}
