/** What the columns of a data set are for; each a name of a column. */
export interface Roles {
  /** Of `events`; the column itself is `userOffsets`. */
  readonly user: string;
  readonly item: string;
  readonly time?: string;
  /** What the user did: a rating, a kind of click. */
  readonly action?: string;
  /** How much the user liked it, where that is another column than the action. */
  readonly rating?: string;
  /** Groups the rows that were shown together. */
  readonly request?: string;
  /** What a ranker learns. */
  readonly labels: readonly string[];
  /** Of data with drawn rows the label that is above 0 where a row is an event, and 0 where it was drawn. */
  readonly event?: string;
  /** What a label was made from: it tells the label, and is no feature of the event. */
  readonly labelSources?: readonly string[];
  /** Declared to be known only after the event (how long it was read, what was said of it): no features of it. */
  readonly after?: readonly string[];
  /** The part of a given split that a row is in: `train`, `validation` or `test`. */
  readonly part?: string;
  /** Of `items`: what people read. */
  readonly title?: string;
  /** Of `items`: what they are told apart by, a column of `id` or `ids`. */
  readonly categories?: string;
  /**
   * Of `items`: gathered over all time, so also after whatever a split cuts at (tags that users wrote). Semantic ids
   * read them where they are named alone, and the language of generation never.
   */
  readonly overAllTime?: readonly string[];
}

export const standardRoles = { user: 'user', item: 'item', labels: [] } as const satisfies Roles;

/** Every role that a column has. */
export function rolesOf(roles: Roles, table: 'events' | 'users' | 'items', column: string): string[] {
  const of =
    table === 'items'
      ? (['title', 'categories'] as const)
      : (['item', 'time', 'action', 'rating', 'request', 'part'] as const);
  if (table === 'users') return [];
  const named = of.filter((role) => roles[role] === column);
  if (table === 'items') return [...named, ...(roles.overAllTime?.includes(column) ? ['over all time'] : [])];
  return [
    ...named,
    ...(roles.labels.includes(column) ? ['label'] : []),
    ...(roles.labelSources?.includes(column) ? ['label source'] : []),
    ...(roles.after?.includes(column) ? ['after'] : []),
  ];
}
