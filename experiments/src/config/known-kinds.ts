import { sourceFormats } from '@seqrec/data';
import { modelKinds, objectiveKinds, taskKinds } from '@seqrec/models';

/** Everything that a schema has branches for, as one text: a schema made under another is out of date. */
export function knownKinds(): string {
  return [modelKinds(), taskKinds(), objectiveKinds(), sourceFormats()].map((names) => names.join()).join(';');
}
