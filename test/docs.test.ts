// The Markdown files of the repository: links and anchors lead somewhere, commands have the options, keys, recipes
// and tables that they name.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { knownKeys } from '../experiments/src/config/issues.ts';
import { rankingRunConfigSchema } from '../experiments/src/config/ranking-schema.ts';
import { recipeConfigSchema } from '../experiments/src/config/schema.ts';
import { idsSchema } from '../experiments/src/ids/fit-ids.ts';
import { parseCommandLine } from '../experiments/src/main.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = markdownFiles(root).map((path) => {
  const text = readFileSync(path, 'utf8');
  return {
    name: relative(root, path).replaceAll('\\', '/'),
    path,
    text,
    prose: text.replace(/^```[\s\S]*?^```$/gm, ''),
  };
});

/** Markdown files of a folder, without what is installed, built or left by runs. */
function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return /^(\..*|node_modules|dist|runs|data|site)$/.test(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** Anchors of a page as GitHub makes them: lower case, no punctuation, dashes for spaces, numbered when repeated. */
function anchorsOf(prose: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of prose.matchAll(/^#{1,6} +(.+)$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}

interface Command {
  readonly page: string;
  readonly line: string;
  readonly args: readonly string[];
}

/** Commands of the fences, and those in the prose as code. */
function commandsOf({ name, text, prose }: (typeof pages)[number]): Command[] {
  const fenced = [...text.matchAll(/^```\w*[^\n]*\n([\s\S]*?)^```$/gm)].flatMap(([, body]) => body.split('\n'));
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, span]) => span.replace(/\s+/g, ' '));
  return [...fenced, ...spans].flatMap((line) => {
    const command = /^(?:[A-Z_]+=\S+ )*(?:npx -y pnpm@12 )?seqrec (?=\S)(.*)$/.exec(line.trim());
    // `seqrec COMMAND` stands for any of them.
    if (!command || command[1].startsWith('COMMAND')) return [];
    const typed = command[1].replace(/(^| )#.*$/, '').replace(/ [>|].*$/, '');
    const args = Array.from(typed.matchAll(/"([^"]*)"|(\S+)/g), (match) => match[1] ?? match[2]);
    // `--help` would print.
    return [{ page: name, line: line.trim(), args: args.filter((arg) => arg !== '--help') }];
  });
}

/** Names of the files in the folders of a folder: `ml-1m/hstu`. */
function named(folder: string): Set<string> {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return new Set(files.filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -3).replaceAll('\\', '/')));
}

const recipes = named('experiments/recipes');
// What `seqrec reproduce` knows.
const tables = new Set([...named('experiments/tables'), ...named('experiments/replays')]);

/** What is wrong with a command, or nothing. */
function faultOf(args: readonly string[]): string | undefined {
  try {
    const { cli, overrides } = parseCommandLine(args);
    for (const { key } of overrides) {
      const path = key.split('.');
      const last = path.pop() ?? '';
      const schemas = [recipeConfigSchema(), rankingRunConfigSchema(), idsSchema];
      if (!schemas.some((schema) => knownKeys(schema, undefined, path).includes(last))) return `no key ${key}`;
    }
    // Recipes and tables have a slash; what stands for any of them (RECIPE, latest, a file) has none.
    const recipe = /^[a-z0-9-]+\/[a-z0-9-]+$/;
    const command = cli.matchedCommand?.name;
    const name: unknown = command === 'reproduce' ? undefined : (cli.options.recipe ?? cli.args[0]);
    if (typeof name === 'string' && recipe.test(name) && !name.startsWith('runs/') && !recipes.has(name))
      return `no recipe ${name}`;
    const table = command === 'reproduce' ? cli.args[0] : undefined;
    if (table !== undefined && recipe.test(table) && !tables.has(table)) return `no table ${table}`;
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe('docs', () => {
  it('link to files that exist, and to anchors that they have', () => {
    const anchors = new Map(pages.map(({ path, prose }) => [path, anchorsOf(prose)]));
    const links = pages.flatMap(({ name, path, prose }) =>
      [...prose.replace(/`[^`]*`/g, '').matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
        ([, to, anchor]) => {
          const target = to === '' ? path : join(dirname(path), to);
          return { name, to, anchor, target: target.replace(/\/$/, '') };
        },
      ),
    );
    expect(links.length).toBeGreaterThan(40);
    const dead = links.filter(({ target, anchor }) => {
      if (!existsSync(target)) return true;
      return anchor !== undefined && !(statSync(target).isFile() && anchors.get(target)?.has(anchor));
    });
    expect(dead.map(({ name, to, anchor }) => `${name}: ${to}${anchor ? `#${anchor}` : ''}`)).toEqual([]);
  });

  it('name commands, options, keys, recipes and tables that exist', () => {
    const commands = pages.flatMap(commandsOf);
    expect(commands.length).toBeGreaterThan(100);
    const wrong = commands.flatMap(({ page, line, args }) => {
      const fault = faultOf(args);
      return fault === undefined ? [] : [`${page}: ${line}: ${fault}`];
    });
    expect(wrong).toEqual([]);
  });

  it('name scripts of the workspace', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const wrong = pages.flatMap(({ name, text }) =>
      Array.from(text.matchAll(/npx -y pnpm@\d+ ([\w:-]+)/g), ([, script]) => `${name}: ${script}`).filter(
        (each) => !Object.hasOwn(scripts, each.split(': ')[1]),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('are checked: a wrong option, key, recipe or table is seen', () => {
    expect(faultOf(['train', 'ml-1m/hstu', '--seed', '7', '--model.numBlocks', '4'])).toBeUndefined();
    expect(faultOf(['train', 'ml-1m/hstu', '--sede', '7'])).toMatch(/unknown option --sede/);
    expect(faultOf(['train', 'ml-1m/hstu', '--model.numBlock', '4'])).toBe('no key model.numBlock');
    expect(faultOf(['train', 'ml-1m/hsut'])).toBe('no recipe ml-1m/hsut');
    expect(faultOf(['bench', 'step', '--recipe', 'ml-1m/hsut'])).toBe('no recipe ml-1m/hsut');
    expect(faultOf(['reproduce', 'hstu/ml-2m'])).toBe('no table hstu/ml-2m');
    expect(faultOf(['trian'])).toMatch(/unknown command/);
    expect([...anchorsOf('# A `b`: c, d\n## A b c d\n')]).toEqual(['a-b-c-d', 'a-b-c-d-1']);
  });
});
