import { defineModel, ConfigError as ModelError } from '@seqrec/models';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { withPresets } from './presets.ts';
import type { RunConfig } from './run-config.ts';

const kind = 'acme/presets';
let failure: Error | undefined;
defineModel({
  kind,
  can: ['encode'],
  schema: z.strictObject({ kind: z.literal(kind), width: z.int().optional(), depth: z.int() }),
  create: () => {
    throw new Error('not built here');
  },
  complete: (config) => {
    if (failure !== undefined) throw failure;
    return { width: 8, ...config };
  },
});

const completed = () => {
  const config = { seed: 1, model: { kind, depth: 2 } } as unknown as RunConfig;
  return withPresets(config, ({ path }) => `at ${path.join('.')}: `);
};

test('what a model of a plug-in sets stands in the order of its schema', () => {
  failure = undefined;
  expect(JSON.stringify(completed())).toBe(`{"seed":1,"model":{"kind":"${kind}","width":8,"depth":2}}`);
});

test.each([
  ['model config (acme/presets): width: expected 8', 'width', 'at model.width: model.width: expected 8'],
  ['model config (acme/presets): expected less', '', 'at model: model: expected less'],
  ['acme: expected a wider one', 'width', 'at model.width: model: acme: expected a wider one'],
])('its refusal %s', (message, path, expected) => {
  failure = new ModelError(message, path);
  expect(completed).toThrow(new ConfigError(expected));
});

test('any other error of it is a defect, and stays as it is', () => {
  failure = new TypeError('of nothing');
  expect(completed).toThrow(failure);
});
