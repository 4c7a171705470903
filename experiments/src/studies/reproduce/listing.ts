import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { details, type Reproduction, results, seedsNote } from './sections.ts';

/** The figures of a reproduced table: what was changed, gains, figures, claims, every seed. */
export function listReproduction(reproduction: Reproduction): Listing {
  const { name, table, remarks } = reproduction;
  return [
    ...lines(`${name}: ${table.title}. Source: ${table.source}.`, ...remarks, seedsNote(reproduction)),
    ...[...results(reproduction), ...details(reproduction)].map(({ title, titles, rows }) =>
      figures(titles, rows, { title, left: titles.map((_, i) => i) }),
    ),
  ];
}
