// The Markdown files of the repository: links and anchors lead somewhere, commands have the options, keys, recipes,
// tables and files that they name, and settings that can be together.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { argsOf, faultOf } from './command-faults.ts';

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
    return [{ page: name, line: line.trim(), args: argsOf(command[1]) }];
  });
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

  it('name commands, options, keys, recipes, tables and files that exist, and settings that go together', async () => {
    const commands = pages.flatMap(commandsOf);
    expect(commands.length).toBeGreaterThan(100);
    const wrong: string[] = [];
    for (const { page, line, args } of commands) {
      const fault = await faultOf(args);
      if (fault !== undefined) wrong.push(`${page}: ${line}: ${fault}`);
    }
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

  it.each([
    [['train', 'ml-1m/hstu', '--seed', '7', '--model.numBlocks', '4'], undefined],
    [['train', 'ml-1m/hstu', '--sede', '7'], /unknown option --sede/],
    [['train', 'ml-1m/hstu', '--model.numBlock', '4'], 'no key model.numBlock'],
    [['train', 'ml-1m/hstu', '--model.numBlocks', 'four'], /model\.numBlocks/],
    [['train', 'ml-1m/hsut'], 'no recipe ml-1m/hsut'],
    [['bench', 'step', '--recipe', 'ml-1m/hsut'], 'no recipe ml-1m/hsut'],
    [['reproduce', 'hstu/ml-2m'], 'no table hstu/ml-2m'],
    [['reproduce', 'hstu/ml-1m', '--include', 'docs/results/none.json'], 'no file docs/results/none.json'],
    [['benchmark', 'esasrec', '--models', 'GRU4Rec'], /GRU4Rec/],
    [['trian'], /unknown command/],
  ])('are checked: %j', async (args, expected) => {
    const fault = await faultOf(args);
    if (expected instanceof RegExp) expect(fault).toMatch(expected);
    else expect(fault).toBe(expected);
  });

  it('have the anchors of their headings', () => {
    expect([...anchorsOf('# A `b`: c, d\n## A b c d\n')]).toEqual(['a-b-c-d', 'a-b-c-d-1']);
  });
});
