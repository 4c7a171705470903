/** Where training stands. All counts are of finished work, on a GPU of work handed over: 0 before the first step. */
export interface Progress {
  /** Finished epochs. */
  readonly epoch: number;
  /** Finished steps of the epoch in progress. */
  readonly stepInEpoch: number;
  /**
   * Steps of the epoch in progress; with a window policy that takes several windows of a history, epochs may differ.
   */
  readonly stepsPerEpoch: number;
  /** Finished steps in all. */
  readonly globalStep: number;
}

/** What one optimiser step did. */
export interface StepInfo {
  /** Loss of the batch before the update, mean over its labels. */
  readonly loss: number;
  /** What the loss was divided by: labels, each with its weight. */
  readonly weight: number;
  readonly tokens: number;
  readonly sequences: number;
  /** Epoch the step belongs to, from 0. */
  readonly epoch: number;
  /** Place in the epoch, from 0. */
  readonly stepInEpoch: number;
  readonly stepsPerEpoch: number;
  /** Number of the step in the whole training, from 0. */
  readonly globalStep: number;
  readonly seconds: number;
}

export interface EpochResult {
  readonly epoch: number;
  /** Mean over the labels of the epoch so far; includes the steps before a resume. */
  readonly meanLoss: number;
  /** Labels of the epoch so far, each with its weight. */
  readonly weight: number;
  /** Of the steps run by this call. */
  readonly tokens: number;
  /** Time of the steps run by this call. */
  readonly seconds: number;
  /** True when the signal ended the epoch early. */
  readonly interrupted: boolean;
}

/** Position of a run and the sums of the epoch in progress: with weights and moments, the whole state of training. */
export interface TrainerPosition {
  readonly epoch: number;
  readonly stepInEpoch: number;
  readonly globalStep: number;
  /** Sum of loss times weight over the steps of the epoch. */
  readonly lossSum: number;
  readonly weight: number;
}
