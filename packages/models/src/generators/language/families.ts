/** What a language model over words and codes is asked, each with a template of its own: see `templates.ts`. */
export const families = ['retrieve', 'masked', 'preferred', 'toTitle', 'fromTitle', 'toAttributes'] as const;
export type Family = (typeof families)[number];

/** Examples of each family that a history is worth in a step, in the mean. */
export type FamilyWeights = Readonly<Record<Family, number>>;
