import type { CheckpointState } from './checkpoint-format.ts';

/** Digest of the data that weights were trained on, where their file says it. */
export function trainedOn({ training }: Pick<CheckpointState, 'training'>): string | undefined {
  return (training.examples as { readonly digest?: string } | undefined)?.digest;
}

/** What is to be said of weights of other data than those of the digest `data`; nothing where one is not known. */
export function otherData(state: Pick<CheckpointState, 'training'>, data: string | undefined): string | undefined {
  const own = trainedOn(state);
  if (data === undefined || own === undefined || own === data) return undefined;
  return `it was trained on other data (digest ${own.slice(0, 12)}, here ${data.slice(0, 12)}): its users and items may be others than those of the same numbers here`;
}
