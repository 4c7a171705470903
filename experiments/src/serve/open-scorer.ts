import { createScorer, fileSpill, type ScorerOptions, type TokenEncoder, type UserScorer } from '@seqrec/models';

/** How histories and what is computed of them are kept, by each worker. */
export interface KeepOptions extends Pick<ScorerOptions, 'maxBytes' | 'window' | 'slack' | 'settle'> {
  /**
   * A file for what does not fit into `maxBytes`; of worker `i` it has `.i` at its end. Absent: it is computed again.
   */
  readonly spillFile?: string;
}

export interface OpenScorer {
  readonly scorer: UserScorer;
  close(): Promise<void>;
}

/** The scorer that answers for a model, from kept keys and values. */
export async function openScorer(model: TokenEncoder, keep: KeepOptions, worker = 0): Promise<OpenScorer> {
  const { spillFile, ...options } = keep;
  const spill = spillFile === undefined ? undefined : await fileSpill(`${spillFile}.${worker}`);
  try {
    const scorer = createScorer(model, { ...options, spill });
    return {
      scorer,
      async close() {
        scorer.dispose();
        await spill?.close();
      },
    };
  } catch (error) {
    await spill?.close();
    throw error;
  }
}
