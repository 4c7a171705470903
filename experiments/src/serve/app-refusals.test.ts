import { describe, expect, it } from 'vitest';
import { film, LOCAL, send, world } from './test-support/requests.ts';

describe('refuses, and says why', () => {
  const events = '/v1/users/ada/events';
  const score = '/v1/users/ada/score';
  it.each<['GET' | 'POST', string, object | string | undefined, number, string, string]>([
    ['POST', events, '{"events": [', 400, 'malformed', 'not valid JSON'],
    ['POST', events, { events: [] }, 400, 'malformed', 'events: '],
    ['POST', events, { events: [{ item: 'film-1' }] }, 400, 'malformed', 'events.0.time: '],
    ['POST', events, { events: [{ ...film(1, 300), tiem: 1 }] }, 400, 'malformed', 'tiem'],
    [
      'POST',
      events,
      { events: [film(1, 300), film(2, 250)] },
      409,
      'out-of-order',
      'events.1.time: expected a time not before the last event, 300; got 250',
    ],
    ['POST', events, { events: [film(1, 199)] }, 409, 'out-of-order', 'the last event, 200; got 199'],
    [
      'POST',
      events,
      { events: [film(1, 300), film(21, 300)] },
      422,
      'unknown-item',
      'events.1.item: expected an item of tiny; got "film-21"',
    ],
    [
      'POST',
      events,
      { events: Array.from({ length: 4 }, () => film(1, 300)) },
      422,
      'too-many',
      'events: expected at most 3; got 4',
    ],
    [
      'POST',
      events,
      { events: [{ item: 'x'.repeat(2000), time: 1 }] },
      413,
      'too-large',
      'expected at most 1000 bytes',
    ],
    [
      'POST',
      score,
      { candidates: ['film-1', 'nothing'] },
      422,
      'unknown-item',
      'candidates.1: expected an item of tiny; got "nothing"',
    ],
    [
      'POST',
      score,
      { candidates: ['film-1'], at: 150 },
      409,
      'out-of-order',
      'at: expected a time not before the last event, 200; got 150',
    ],
    [
      'POST',
      score,
      { candidates: Array.from({ length: 6 }, () => 'film-1') },
      422,
      'too-many',
      'candidates: expected at most 5; got 6',
    ],
    ['POST', '/v1/users/ada/top', { at: 1.7e12 }, 422, 'bad-time', 'divide milliseconds by 1000'],
    [
      'POST',
      events,
      { events: [film(1, 1.7e12)] },
      422,
      'bad-time',
      'events.0.time: expected seconds, less than 2^31 after the first event at 100',
    ],
    [
      'POST',
      '/v1/users/new/events',
      { events: [film(1, 1.6e12)] },
      422,
      'bad-time',
      'events.0.time: expected seconds since 1970, before 2100; got 1600000000000; divide milliseconds by 1000',
    ],
    [
      'POST',
      '/v1/users/new/events',
      { events: [film(1, -5)] },
      422,
      'bad-time',
      'events.0.time: expected seconds since 1970, before 2100; got -5',
    ],
    [
      'POST',
      events,
      { events: [film(1, 300), { ...film(2, 300), rating: 1e39 }] },
      422,
      'bad-rating',
      'events.1.rating: expected a rating that is finite as a 32-bit float; got 1e+39',
    ],
    ['POST', '/v1/users/ada/top?at=5', {}, 400, 'malformed', 'query: Unrecognized key: "at"'],
    ['POST', `${events}?at=5`, { events: [film(1, 300)] }, 400, 'malformed', 'query: Unrecognized key: "at"'],
    ['GET', '/v1/users/ada?events=5', undefined, 400, 'malformed', 'query: Unrecognized key: "events"'],
    ['POST', `${score}?k=5`, { candidates: ['film-1'] }, 400, 'malformed', 'query: Unrecognized key: "k"'],
    ['POST', score, { candidates: ['film-1'], k: 5 }, 400, 'malformed', 'body: Unrecognized key: "k"'],
    ['POST', '/v1/users/ada/top', { k: 0 }, 400, 'malformed', 'k: '],
    ['POST', '/v1/users/ada/top', { k: 5000 }, 422, 'too-many', 'k: expected at most 1000; got 5000'],
    ['POST', '/v1/users/nobody/top', { k: 1 }, 404, 'unknown-user', 'user "nobody": expected a user with events'],
    ['GET', `/v1/users/${'x'.repeat(201)}`, undefined, 400, 'malformed', 'id: '],
    ['GET', '/v1/users/nobody', undefined, 404, 'unknown-user', 'user "nobody"'],
    ['GET', '/v1/items/film-99/similar', undefined, 404, 'no-item', 'expected an item of tiny; got "film-99"'],
    ['POST', '/v1/users/%E0%A4%A/top', { k: 1 }, 400, 'malformed', "'/v1/users/%E0%A4%A/top' is not a valid url"],
    ['GET', `/v1/users/${'x'.repeat(1000)}%A`, undefined, 400, 'malformed', `${'x'.repeat(50)}...${'x'.repeat(50)}`],
    [
      'GET',
      `/v1/users/${'x'.repeat(601)}`,
      undefined,
      414,
      'too-long',
      'path: expected an id of at most 600 characters; got more',
    ],
    ['GET', '/v2/users', undefined, 404, 'no-route', '/openapi.json lists them'],
  ])('%s %s %j: %i', async (method, url, payload, status, error, message) => {
    const w = await world({ limits: { events: 3, candidates: 5, bodyBytes: 1000 } });
    const reply = await send(w, method, url, payload);
    expect(reply).toMatchObject({ status, body: { status, error } });
    expect(reply.body.message).toContain(message);
    // Nothing of it was done.
    expect((await send(w, 'GET', '/v1/users/ada')).body.events).toBe(2);
    expect(w.defects).toEqual([]);
  });

  it.each([
    [Buffer.from([1, 0]), 400, 'expected at least 4 bytes; got 2'],
    [Buffer.from(Uint32Array.of(3, 1, 2).buffer), 400, 'expected 16, for 3 ids, bytes; got 12'],
    [Buffer.from(Uint32Array.of(2, 1, 21).buffer), 422, 'candidates.1: expected a dense id in 1..20; got 21'],
    [Buffer.from(Int32Array.of(1, -1).buffer), 422, 'got -1'],
    [Buffer.alloc(4 * 1_000_001), 422, 'candidates: expected at most 100000; got 1000000'],
    [Buffer.alloc(4 * 2_000_001), 413, 'expected at most 4194304 bytes'],
  ])('bytes %#', async (payload, status, message) => {
    const w = await world();
    const headers = { ...LOCAL, 'content-type': 'application/octet-stream' };
    const reply = await w.app.inject({ method: 'POST', url: score, headers, payload });
    expect(reply.statusCode).toBe(status);
    expect(reply.json().message).toContain(message);
  });

  it('a million candidates in JSON', async () => {
    const w = await world();
    const candidates = Array.from({ length: 1_000_000 }, () => 'film-1');
    expect(await send(w, 'POST', score, { candidates })).toMatchObject({ status: 413, body: { error: 'too-large' } });
    const larger = await world({ limits: { bodyBytes: 2 ** 26 } });
    expect(await send(larger, 'POST', score, { candidates })).toMatchObject({
      status: 422,
      body: { error: 'too-many' },
    });
  });

  it('another type of body', async () => {
    const w = await world();
    const headers = { ...LOCAL, 'content-type': 'text/plain' };
    const reply = await w.app.inject({ method: 'POST', url: events, headers, payload: '{}' });
    expect(reply.statusCode).toBe(415);
    expect(reply.json().error).toBe('media-type');
  });

  it.each([events, '/v1/users/ada/top'])('bytes where JSON alone is taken: %s', async (url) => {
    const w = await world();
    const headers = { ...LOCAL, 'content-type': 'application/octet-stream' };
    const reply = await w.app.inject({ method: 'POST', url, headers, payload: Buffer.alloc(8) });
    expect(reply.statusCode).toBe(415);
    expect(reply.json()).toMatchObject({ error: 'media-type', message: expect.stringContaining('application/json') });
  });

  it.each(['', '%20', 'noon'])('a moment of scores that is no number: "%s"', async (at) => {
    const w = await world();
    const reply = await send(w, 'POST', `${score}?at=${at}`, { candidates: ['film-1'] });
    expect(reply).toMatchObject({ status: 400, body: { error: 'malformed' } });
    expect(reply.body.message).toContain('at: ');
  });

  it('who has no token, or another', async () => {
    const w = await world({ token: 'secret' });
    const get = async (url: string, authorization?: string) =>
      (await w.app.inject({ url, headers: { host: 'example.org', ...(authorization && { authorization }) } }))
        .statusCode;
    expect(await get('/v1/users/ada')).toBe(401);
    expect(await get('/v1/users/ada', 'Bearer secre')).toBe(401);
    expect(await get('/v1/users/ada', 'Basic secret')).toBe(401);
    expect(await get('/v1/users/ada', 'Bearer secret')).toBe(200);
    expect(await get('/v1/users/%E0%A4%A')).toBe(401);
    expect(await get('/v1/users/%E0%A4%A', 'Bearer secret')).toBe(400);
    expect(await get('/metrics')).toBe(401);
    expect(await get('/healthz')).toBe(200);
  });

  it('a page of another site, where there is no token', async () => {
    const w = await world();
    const get = async (host: string) => (await w.app.inject({ url: '/v1/users/ada', headers: { host } })).statusCode;
    expect(await get('evil.example:8080')).toBe(403);
    expect(await get('127.0.0.1:8080')).toBe(200);
    expect(await get('[::1]:8080')).toBe(200);
  });

  it('hides a defect, and reports it', async () => {
    const w = await world({ around: (shard) => ({ ...shard, run: () => Promise.reject(new Error('secret path')) }) });
    const reply = await send(w, 'POST', '/v1/users/ada/top', {});
    expect(reply).toMatchObject({ status: 500, body: { error: 'internal' } });
    expect(JSON.stringify(reply.body)).not.toContain('secret');
    expect(String(w.defects[0])).toContain('secret path');
  });
});

it('refuses with 429 when the queue is longer than the bound, and answers again afterwards', async () => {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const w = await world({
    limits: { queue: 3 },
    around: (shard) => ({
      ...shard,
      run: async (operations) => {
        await gate;
        return shard.run(operations);
      },
    }),
  });
  const waiting = Array.from({ length: 3 }, () => send(w, 'POST', '/v1/users/ada/top', {}));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const refused = await send(w, 'POST', '/v1/users/ada/top', {});
  expect(refused).toMatchObject({ status: 429, body: { error: 'busy', facts: { waiting: 3 } } });
  expect(refused.headers['retry-after']).toBe('1');
  const stored = await send(w, 'POST', '/v1/users/ada/events', { events: [film(1, 300)] });
  expect(stored.status).toBe(429);
  release();
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
  expect((await send(w, 'GET', '/v1/users/ada')).body.events).toBe(2);
});
