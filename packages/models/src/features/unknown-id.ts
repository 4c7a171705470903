/** Row of a table of user or item ids that stands for an id that training has not seen. */
export const UNKNOWN_ID = 0;
