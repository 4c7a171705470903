import { definedWindows, sourceFormats } from '@seqrec/data';
import { itemVectorKinds, knownBaselines, modelKinds, objectiveKinds, taskKinds, tokenizerKinds } from '@seqrec/models';

/** Everything that a schema has branches for, as one text: a schema made under another is out of date. */
export function knownKinds(): string {
  const ofModels = [modelKinds(), taskKinds(), objectiveKinds(), tokenizerKinds(), itemVectorKinds(), knownBaselines()];
  const windows = definedWindows().map(({ policy }) => policy);
  return [...ofModels, sourceFormats(), windows].map((names) => names.join()).join(';');
}
