import { definedWindows, sourceFormats } from '@seqrec/data';
import { knownBaselines, modelKinds, objectiveKinds, taskKinds, tokenizerKinds } from '@seqrec/models';

/** Everything that a schema has branches for, as one text: a schema made under another is out of date. */
export function knownKinds(): string {
  const kinds = [modelKinds(), taskKinds(), objectiveKinds(), sourceFormats(), tokenizerKinds(), knownBaselines()];
  const windows = definedWindows().map(({ policy }) => policy);
  return [...kinds, windows].map((names) => names.join()).join(';');
}
