import type { ExampleSet, WindowPolicy } from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import { isTokenEncoder, type Model, type TokenEncoder } from '../model.ts';
import type { Objective } from '../objectives/objective.ts';
import type { Task } from './task.ts';

/**
 * Retrieval: the vectors of the tokens of a history against the vectors of items, under an objective.
 *
 * The metrics of retrieval are exact ranks: see `evaluate`.
 */
export function retrievalTask(objective: Objective): Task<TokenEncoder> {
  return {
    name: 'retrieval',
    identity: { objective: { name: objective.name, ...objective.settings } },
    namesItems: objective.draw !== undefined,
    check: (model, examples, windows) => {
      checkEncoder(model, examples, windows);
      checkHidden(model as TokenEncoder, objective);
    },
    ...(objective.draw && {
      draw: ({ model, batch, part, run, onHost }) =>
        objective.draw?.({ batch, part, numItems: model.numItems, run, onHost }) ?? {},
    }),
    ...(objective.sharedItems && { sharedItems: objective.sharedItems.bind(objective) }),
    loss: (context) => objective.loss(context),
  };
}

/** What a model was made to do, and what the objective asks of it. */
function checkHidden({ kind, predicts = 'next' }: TokenEncoder, { name, hidesEvents = false }: Objective): void {
  if (hidesEvents === (predicts === 'hidden')) return;
  throw new ConfigError(
    hidesEvents
      ? `trainer: objective: expected an encoder that fills in hidden events, for labels.kind masked; got '${kind}', which sees the events up to each; use a transformer with attention bidirectional`
      : `trainer: objective: expected one that hides the events it asks for, since this '${kind}' sees events on both sides; got ${name} with other labels; set objective.labels.kind to masked`,
    'objective.labels.kind',
  );
}

function checkEncoder(model: Model, examples: ExampleSet, windows: WindowPolicy | undefined): void {
  if (!isTokenEncoder(model)) {
    throw new ConfigError(
      `trainer: model: expected an encoder of histories, which retrieval trains; got '${model.kind}'; train it under a task that it can do`,
      'model',
    );
  }
  if (examples.interactions.numItems !== model.numItems) {
    throw new ConfigError(
      `trainer: examples: expected data over the model's ${model.numItems} items; got ${examples.interactions.numItems}`,
      'examples',
    );
  }
  const { maxSequenceLength } = model;
  const [longest, hint] =
    windows === undefined
      ? [
          examples.targets.reduce((most, target, e) => Math.max(most, target - examples.starts[e]), 0),
          `cut them with latestWindow(set, { maxLength: ${maxSequenceLength} })`,
        ]
      : [windows.maxLength, `give the window policy maxLength: ${maxSequenceLength}`];
  if (longest <= maxSequenceLength) return;
  throw new ConfigError(
    `trainer: examples: expected histories of at most maxSequenceLength = ${maxSequenceLength}; got one of ${longest}; ${hint}`,
    'examples',
  );
}
