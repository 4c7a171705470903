// Hints name options that exist: every text of the sources is looked through for options of the command line (`--name`,
// `--section.key`) and for keys that it says to set, and each must be declared by a command or stand in the schema.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { knownKeys, takesKey } from '../experiments/src/config/issues.ts';
import { rankingRunConfigSchema } from '../experiments/src/config/ranking-schema.ts';
import { recipeConfigSchema } from '../experiments/src/config/schema.ts';
import { idsSchema } from '../experiments/src/ids/fit-ids.ts';
import { parseCommandLine } from '../experiments/src/main.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = [
  'packages/core/src',
  'packages/data/src',
  'packages/models/src',
  'experiments/src',
  'experiments/page',
];

/** What stands for an expression inside a template. */
const hole = '§';

interface Text {
  readonly file: string;
  readonly text: string;
}

/**
 * Texts of a source file, templates with a hole for each expression, and the first arguments of calls of `optionHint`.
 */
function textsOf(file: string): { texts: Text[]; hinted: Text[] } {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const texts: Text[] = [];
  const hinted: Text[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.push({ file, text: node.text });
    else if (ts.isTemplateExpression(node)) {
      texts.push({ file, text: node.head.text + node.templateSpans.map((span) => hole + span.literal.text).join('') });
    }
    if (ts.isCallExpression(node) && node.expression.getText(source) === 'optionHint') {
      const [key] = node.arguments;
      hinted.push({ file, text: ts.isStringLiteralLike(key) ? key.text : key.getText(source) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { texts, hinted };
}

const files = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !/(^|\/)(testing|test-support)\//.test(name),
    )
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
);
const all = files.map(textsOf);
const texts = all.flatMap((each) => each.texts);
const hinted = all.flatMap((each) => each.hinted);

/** Options of all commands, as they are typed. */
function declaredOptions(): Set<string> {
  const { cli } = parseCommandLine([]);
  const options = [...cli.commands.flatMap((command) => command.options), ...cli.globalCommand.options];
  const typed = (name: string): string => name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return new Set(options.flatMap(({ names, negated }) => names.map((name) => `${negated ? 'no-' : ''}${typed(name)}`)));
}

/** Of the tasks that the command line trains. */
const schemas: readonly z.ZodType[] = [recipeConfigSchema(), rankingRunConfigSchema(), idsSchema()];

/** Every key of a configuration, of whatever kind, as `section.key`. */
function configurationKeys(): Set<string> {
  const found = new Set<string>();
  const walk = (path: readonly string[]): void => {
    for (const key of schemas.flatMap((schema) => knownKeys(schema, undefined, path))) {
      if (found.has([...path, key].join('.'))) continue;
      found.add([...path, key].join('.'));
      walk([...path, key]);
    }
  };
  walk([]);
  return found;
}

const options = declaredOptions();
const keys = configurationKeys();

/** Written for any key. */
const others = new Set(['section.key', 'data.KEY', 'data.key', 'evaluation.key']);

/** Options of a script of package.json, which are read there. */
const scripts: Readonly<Record<string, string>> = { library: 'packages/core/install-tensorflow.ts' };

/** A key, or a column of any name. */
function isKey(path: string): boolean {
  const around = path.split('.');
  const last = around.pop() as string;
  return keys.has(path) || schemas.some((schema) => takesKey(schema, undefined, around, last));
}

function exists(option: string): boolean {
  if (scripts[option] !== undefined) return readFileSync(join(root, scripts[option]), 'utf8').includes(`--${option} `);
  const known = option.split(hole)[0].replace(/\.$/, '');
  return others.has(option) || (option.includes('.') ? isKey(known) : options.has(known));
}

describe('hints', () => {
  it('are found', () => {
    expect(texts.length).toBeGreaterThan(2000);
    expect(hinted.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['encoding', 'quote', 'timeUnit', 'lenient']),
    );
    expect(keys.size).toBeGreaterThan(100);
    expect([...options]).toEqual(expect.arrayContaining(['include-seen', 'max-length', 'no-serve', 'help']));
  });

  it('name options that the command line has, or keys of the schema', () => {
    const wrong = texts.flatMap(({ file, text }) => {
      // Arguments of another program stand alone; names of CSS are declared or read.
      if (!/\s/.test(text.trim()) || /\/(report\/style|plots\/theme)\.ts$/.test(file)) return [];
      const found = text.matchAll(/(?<![\w-])--([A-Za-z][\w§]*(?:[.-][\w§]+)*)/g);
      return [...found].filter(([, option]) => !exists(option)).map(([option]) => `${file}: ${option}`);
    });
    expect(wrong).toEqual([]);
  });

  it('of the readers name keys of data, and the command line has them', () => {
    expect(hinted.filter(({ text }) => !keys.has(`data.${text}`))).toEqual([]);
  });

  it('say to set keys that there are', () => {
    // `set quote: false`, `set model.actions to 'none'`, `use format 'csv'`, `with the option file`.
    const asks = [
      /\b(?:set|use|leave|see|choose|give) (?:the option )?([A-Za-z][\w.]*):? (?:to )?'/g,
      /\b(?:set|use|leave|see|choose|give) (?:the option )?([A-Za-z][\w.]*): ?[\w'"]/g,
      /\bset ([A-Za-z][\w.]*) to /g,
      /\bwith the option ([A-Za-z][\w.]*)/g,
    ];
    const leaves = new Set([...keys].map((key) => key.split('.').at(-1)));
    // Options of a program that no configuration has.
    const programs = new Set(['by', 'checkCounts']);
    const wrong = texts.flatMap(({ file, text }) =>
      asks
        .flatMap((ask) => [...text.matchAll(ask)].map(([, key]) => key))
        .filter((key) => !keys.has(key) && !leaves.has(key) && !programs.has(key) && !options.has(key))
        .map((key) => `${file}: ${key} in "${text.slice(0, 100)}"`),
    );
    expect(wrong).toEqual([]);
  });
});
