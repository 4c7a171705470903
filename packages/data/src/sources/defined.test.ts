import { describe, expect, it } from 'vitest';
import { DataError, OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { defineSource, readSource, type SourceDefinition, sourceDefinition, sourceFormats } from './defined.ts';
import { interactionsFromArrays } from './memory.ts';

interface Ring {
  readonly format: 'acme/ring';
  readonly users: number;
}

/** Everybody has the same three items; users are counted in the configuration. */
const ring: SourceDefinition<Ring> = {
  format: 'acme/ring',
  schema: {
    parse(config) {
      const { users = 4 } = config as Partial<Ring>;
      if (!Number.isInteger(users)) throw new Error(`users: expected a whole number; got ${users}`);
      return { format: 'acme/ring', users };
    },
  },
  read({ users }, { folder, lenient, onProgress }) {
    onProgress?.({ file: folder, bytes: 0, totalBytes: 0, rows: 3 * users });
    const events = Array.from({ length: 3 * users }, (_, e) => ({ user: Math.floor(e / 3), item: e % 3 }));
    return interactionsFromArrays({
      name: lenient ? 'lenient' : 'ring',
      users: events.map(({ user }) => user),
      items: events.map(({ item }) => item),
    });
  },
};

describe('defineSource', () => {
  it('makes a format known, whose configuration is checked and read', async () => {
    defineSource(ring);
    expect(sourceFormats()).toEqual(['acme/ring']);
    expect(sourceDefinition('acme/ring').format).toBe('acme/ring');
    const seen: number[] = [];
    const context = { folder: 'data', onProgress: ({ rows }: { readonly rows: number }) => void seen.push(rows) };
    const read = await readSource({ format: 'acme/ring' }, context);
    expect(read).toMatchObject({ name: 'ring', numUsers: 4, numItems: 3, numEvents: 12 });
    expect(seen).toEqual([12]);
    const more = { format: 'acme/ring', users: 9 };
    expect(await readSource(more, { folder: '', lenient: true })).toMatchObject({ name: 'lenient', numUsers: 9 });
    await expect(readSource({ ...more, users: 1.5 } as Ring, context)).rejects.toThrow('users: expected a whole');
  });

  it.each<[string, object, string]>([
    ['its own format again', {}, "format: expected one that is not known yet; got 'acme/ring'; choose another name"],
    ['a format of ours', { format: 'csv' }, "format: expected one that is not known yet; got 'csv'"],
    ['a name that is none', { format: 'My Format' }, 'format: expected words of small letters and digits with -'],
    ['no schema', { format: 'b', schema: {} }, "of 'b'; got no schema.parse"],
    ['no reader', { format: 'b', read: undefined }, "of 'b'; got no read"],
  ])('refuses %s', (_, change, message) => {
    const define = () => defineSource({ ...ring, ...change } as SourceDefinition<Ring>);
    expect(define).toThrow(OptionError);
    expect(define).toThrow(`defineSource: `);
    expect(define).toThrow(message);
    expect(sourceFormats()).toEqual(['acme/ring']);
  });

  it('a format that nobody defined, and a source that gives something else, are errors', async () => {
    await expect(readSource({ format: 'acme/rings' }, { folder: '' })).rejects.toThrow(
      `readSource: format: expected one that was defined: 'acme/ring'; got "acme/rings"; did you mean 'acme/ring'?`,
    );
    defineSource({ ...ring, format: 'empty', read: () => undefined as never });
    const reading = readSource({ format: 'empty' }, { folder: '' });
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow("expected interactions from the source 'empty'; got something else");
  });

  it.each<[string, (whole: Interactions) => Partial<Interactions>, string]>([
    [
      'items that are none',
      ({ itemIds }) => ({ itemIds: itemIds.map((id) => id + 40) }),
      'event 0 of item 41, where items are 1 to 3',
    ],
    [
      'times that fall',
      ({ timestamps }) => ({ timestamps: timestamps.map((time) => -time) }),
      'event 1 at -1, after one of the same user at 0',
    ],
    [
      'times that are none',
      ({ timestamps }) => ({ timestamps: timestamps.fill(Number.NaN, 5, 6) }),
      'event 5 at the time NaN',
    ],
    ['too few events', ({ itemIds }) => ({ itemIds: itemIds.slice(1) }), '11 itemIds and 12 timestamps of 12 events'],
    ['too few users', ({ userOffsets }) => ({ userOffsets: userOffsets.slice(1) }), '4 userOffsets of 4 users'],
    [
      'users out of order',
      ({ userOffsets }) => ({ userOffsets: userOffsets.with(1, 9) }),
      'user 1 with the events 9 up to 6',
    ],
    [
      'events of nobody',
      ({ userOffsets }) => ({ userOffsets: userOffsets.with(4, 11) }),
      'userOffsets from 0 to 11 of 12 events',
    ],
  ])('refuses interactions with %s', async (name, change, message) => {
    const format = `acme/${name.replaceAll(' ', '-')}`;
    const read: typeof ring.read = async (config, context) => {
      const whole = await ring.read(config, context);
      return { ...whole, ...change(whole) };
    };
    defineSource({ ...ring, format: format as never, read });
    await expect(readSource({ format }, { folder: '' })).rejects.toThrow(
      `readSource: expected interactions that hold together from the source '${format}'; got ${message}; interactionsFromArrays makes them of arrays`,
    );
  });
});
