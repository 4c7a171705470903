// Examples of `--help` and the commands of recipes work as they stand.
import { describe, expect, it } from 'vitest';
import { loadRecipe, recipeNames } from '../experiments/src/config/load-recipe.ts';
import { parseCommandLine } from '../experiments/src/main.ts';
import { argsOf, faultOf } from './command-faults.ts';

const commands = parseCommandLine(['recipes']).cli.commands;

/** Commands with what is wrong with them, where something is. */
async function wrongOf(lines: readonly string[]): Promise<string[]> {
  const faults = lines.map(async (line) => [line, await faultOf(argsOf(line))] as const);
  return (await Promise.all(faults)).flatMap(([line, fault]) => (fault === undefined ? [] : [`${line}: ${fault}`]));
}

/** What is typed after `seqrec` in a text. */
const typedIn = (text: string): string[] => Array.from(text.matchAll(/seqrec ([^`\n]+)/g), ([, typed]) => typed.trim());

describe('examples', () => {
  it('are there for every command', () => {
    expect(commands.filter(({ examples }) => examples.length === 0).map(({ name }) => name)).toEqual([]);
  });

  it.each(commands.map(({ name, examples }) => [name, examples] as const))(
    'of %s have no fault',
    async (_, examples) => {
      expect(await wrongOf(examples.flatMap((example) => typedIn(String(example))))).toEqual([]);
    },
  );

  it.each(recipeNames())('of the recipe %s have no fault', async (name) => {
    const { command, expected, source } = await loadRecipe(name);
    const inProse = [expected, source].flatMap((text) => Array.from(text.matchAll(/`([^`]*)`/g), ([, code]) => code));
    expect(await wrongOf([command, ...inProse].flatMap(typedIn))).toEqual([]);
  });
});
