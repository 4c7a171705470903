import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { placesOf } from './places.ts';
import { validate } from './validate.ts';
import { readYamlFile } from './yaml-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-yaml-'));
const Schema = z.strictObject({ seed: z.int(), model: z.strictObject({ numBlocks: z.int() }) });
function load(text: string): { file: string; parse: () => unknown } {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, text);
  return {
    file,
    parse: () => {
      const yaml = readYamlFile(file);
      return validate(Schema, yaml.value, placesOf({ overrides: [], yaml }));
    },
  };
}

test('a good file is read', () => {
  expect(load('seed: 1\nmodel:\n  numBlocks: 2\n').parse()).toEqual({ seed: 1, model: { numBlocks: 2 } });
});

test('an unknown key, a wrong type and a syntax error carry line and column', () => {
  const unknown = load('seed: 1\nmodel:\n  numBlocks: 2\n  numBlock: 3\n');
  expect(unknown.parse).toThrow(`${unknown.file}:4:3: model.numBlock: unknown key; did you mean numBlocks?`);
  const wrong = load('seed: 1\nmodel:\n  numBlocks: four\n');
  expect(wrong.parse).toThrow(`${wrong.file}:3:14: model.numBlocks: expected a number; got the text "four"`);
  const broken = load('seed: 1\nmodel: [1, 2\n');
  expect(broken.parse).toThrow(new RegExp(`^${broken.file.replaceAll('.', '\\.')}:\\d+:\\d+: `));
  const missing = load('seed: 1\nmodel: {}\n');
  expect(missing.parse).toThrow(`${missing.file}:2:1: model.numBlocks: expected a number; got nothing`);
  expect(load('- 1\n').parse).toThrow('expected a mapping of keys at the top level');
  expect(() => readYamlFile(join(folder, 'absent.yaml'))).toThrow('missing or cannot be read');
});
