import { RunError } from '../errors.ts';
import { formatBytes } from '../terminal/format.ts';
import { markdownListing } from '../terminal/listing.ts';
import { KINDS, type Kind } from './kinds.ts';
import type { SavedResult } from './saved.ts';

const HEAD = `# Figures

<!-- Made by \`seqrec figures\` from docs/results; edits are lost. -->

What the commands printed, each with its machine, day and version. To measure on your own: the command, with \`--save\`; then
\`npx -y pnpm@12 seqrec figures\` makes this page again. Times are of shared machines, where the same command moves by ten percent
within minutes: compare what stands in one table.
`;

/** The page `docs/figures.md`: every result that no other page shows, by itself or included in another. */
export function figuresPage(results: ReadonlyMap<string, SavedResult>, shownElsewhere: ReadonlySet<string>): string {
  const own = [...results].filter(([file]) => !shownElsewhere.has(file)).map(([file, saved]) => ({ file, saved }));
  for (const { file, saved } of own) kindOf(file, saved);
  const sections = Object.entries(KINDS).flatMap(([name, { title, about }]) => {
    const same = own.filter(({ saved }) => saved.kind === name);
    if (same.length === 0) return [];
    return [`## ${title}`, about, ...same.map(({ file, saved }) => entry(file, saved))];
  });
  return `${[HEAD.trimEnd(), ...sections].join('\n\n')}\n`;
}

function entry(file: string, saved: SavedResult): string {
  return [`### \`${saved.command}\``, origin(saved), markdownListing(kindOf(file, saved).list(saved.result))].join(
    '\n\n',
  );
}

/** Machine, version and day in a line. */
function origin({ machine, version, date }: SavedResult): string {
  const commit = version.commit === undefined ? [] : [`commit ${version.commit.slice(0, 7)}`];
  return [...processor(machine), `Node ${version.node}`, ...commit, date].join('; ');
}

function processor(machine: SavedResult['machine']): string[] {
  if (machine === undefined) return [];
  const { core, cpu, cores, memoryBytes } = machine;
  return [`${core === cpu ? cpu : `${core} (${cpu})`}, ${cores} cores, ${formatBytes(memoryBytes)}`];
}

const BLOCK = /<!-- result: (\S+)(?: tables ([\d,]+))? -->\n[\s\S]*?<!-- end -->/g;

/** Files that a page shows by `<!-- result: FILE -->` ... `<!-- end -->`. */
export function shownIn(page: string): string[] {
  return Array.from(page.matchAll(BLOCK), (match) => match[1]);
}

/** The same files, and those whose rows stand in their tables: what their commands include, and so on. */
export function withIncluded(shown: Iterable<string>, results: ReadonlyMap<string, SavedResult>): Set<string> {
  const all = new Set(shown);
  for (const file of all) {
    const included = / --include '?([^\s']+)/.exec(results.get(file)?.command ?? '')?.[1].split(',') ?? [];
    for (const each of included) all.add(each.replace(/^.*docs\/results\//, ''));
  }
  return all;
}

/**
 * Writes the results that a page names between their two comments; with `tables 1,3` those
 * tables alone, counted from 1.
 *
 * @throws RunError for a file or a table that is not there.
 */
export function fillPage(page: string, results: ReadonlyMap<string, SavedResult>): string {
  return page.replaceAll(BLOCK, (_, file: string, tables: string | undefined) => {
    const saved = results.get(file);
    if (saved === undefined)
      throw new RunError(`docs: expected docs/results/${file}, which a page shows; it is not there`);
    const listing = kindOf(file, saved).list(saved.result);
    const all = listing.filter((block) => 'rows' in block);
    const chosen = tables?.split(',').map((number) => {
      const table = all[Number(number) - 1];
      if (table === undefined) throw new RunError(`docs: ${file}: expected table ${number}; it has ${all.length}`);
      return table;
    });
    const mark = `<!-- result: ${file}${tables === undefined ? '' : ` tables ${tables}`} -->`;
    return `${mark}\n\n${markdownListing(chosen ?? listing)}\n\n<!-- end -->`;
  });
}

function kindOf(file: string, { kind }: SavedResult): Kind {
  const found = KINDS[kind];
  if (found === undefined)
    throw new RunError(`docs/results/${file}: expected a kind (${Object.keys(KINDS).join(', ')}); got "${kind}"`);
  return found;
}
