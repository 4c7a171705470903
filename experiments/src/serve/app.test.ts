import { recommend } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { catalogue, openWorld, type World, type WorldOptions } from './test-support/world.ts';

let open: World[] = [];

beforeAll(async () => {
  await tf.setBackend('cpu');
});

afterEach(async () => {
  await Promise.all(open.map((world) => world.close()));
  open = [];
});

async function world(options: WorldOptions = {}): Promise<World> {
  const made = await openWorld(options);
  open.push(made);
  return made;
}

const LOCAL = { host: 'localhost:8080' };

async function send({ app }: World, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object | string) {
  const headers = { ...LOCAL, ...(typeof payload === 'string' && { 'content-type': 'application/json' }) };
  const reply = await app.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
  return { status: reply.statusCode, headers: reply.headers, body: reply.json() };
}

const film = (item: number, time: number) => ({ item: `film-${item}`, time });

describe('users', () => {
  it('holds the events of a user, those of the data first', async () => {
    const w = await world();
    expect(await send(w, 'GET', '/v1/users/ada')).toMatchObject({
      status: 200,
      body: { user: 'ada', events: 2, last: { item: 'film-5', title: 'Film 5', time: 200, rating: 5 } },
    });
    const events = [film(12, 300), { ...film(1, 300), rating: 2 }];
    expect(await send(w, 'POST', '/v1/users/ada/events', { events })).toMatchObject({
      status: 200,
      body: { events: 4 },
    });
    expect((await send(w, 'POST', '/v1/users/bob/events', { events })).body).toEqual({ events: 2 });
    expect((await send(w, 'GET', '/v1/users/bob')).body.last).toEqual({
      item: 'film-1',
      title: 'Film 1',
      time: 300,
      rating: 2,
    });
    expect((await send(w, 'GET', '/healthz')).body).toEqual({ status: 'ok', data: 'tiny', items: 20, users: 2 });
  });

  it('forgets a user, of the data too', async () => {
    const w = await world();
    expect(await send(w, 'DELETE', '/v1/users/ada')).toMatchObject({ status: 200, body: { user: 'ada' } });
    expect(await send(w, 'GET', '/v1/users/ada')).toMatchObject({ status: 404, body: { error: 'unknown-user' } });
    expect(await send(w, 'DELETE', '/v1/users/ada')).toMatchObject({ status: 404 });
    expect((await send(w, 'POST', '/v1/users/ada/events', { events: [film(2, 1)] })).body).toEqual({ events: 1 });
  });

  it('recommends what the model recommends for the whole history', async () => {
    const w = await world();
    await send(w, 'POST', '/v1/users/ada/events', { events: [film(12, 300)] });
    const expected = await recommend({ model: w.model, history: [3, 5, 12], timestamps: [100, 200, 300], k: 4 });
    const { status, body } = await send(w, 'POST', '/v1/users/ada/top', { k: 4 });
    expect(status).toBe(200);
    expect(body.at).toBe(300);
    expect(body.items.map(({ item }: { item: string }) => item)).toEqual(expected.map(({ item }) => `film-${item}`));
    for (const [i, { score }] of expected.entries()) expect(body.items[i].score).toBeCloseTo(score, 6);
    for (const { item, title } of body.items) {
      const number = Number(item.slice(5));
      expect(title).toBe(number <= 10 ? `Film ${number}` : undefined);
    }
  });

  it('leaves out what is asked', async () => {
    const w = await world();
    const items = async (exclude: unknown) =>
      (await send(w, 'POST', '/v1/users/ada/top', { k: 20, exclude })).body.items.map(
        (each: { item: string }) => each.item,
      );
    expect(await items('none')).toHaveLength(20);
    const unseen = await items(undefined);
    expect(unseen).toHaveLength(18);
    expect(unseen).not.toContain('film-3');
    const [best] = await items('none');
    expect(await items([best])).toEqual((await items('none')).slice(1));
  });

  it('scores candidates in their order, as JSON and as bytes', async () => {
    const w = await world();
    const { items } = (await send(w, 'POST', '/v1/users/ada/top', { k: 20, exclude: 'none' })).body;
    const scoreOf = new Map(items.map((each: { item: string; score: number }) => [each.item, each.score]));
    const candidates = ['film-7', 'film-20', 'film-7', 'film-1'];
    const { status, body } = await send(w, 'POST', '/v1/users/ada/score', { candidates, at: 200 });
    expect(status).toBe(200);
    expect(body.scores).toHaveLength(4);
    for (const [i, item] of candidates.entries()) expect(body.scores[i]).toBeCloseTo(scoreOf.get(item) as number, 6);

    const payload = Buffer.from(Uint32Array.of(4, 7, 20, 7, 1).buffer);
    const reply = await w.app.inject({
      method: 'POST',
      url: '/v1/users/ada/score?at=200',
      headers: { ...LOCAL, 'content-type': 'application/octet-stream' },
      payload,
    });
    expect(reply.statusCode).toBe(200);
    expect(reply.headers['content-type']).toBe('application/octet-stream');
    const bytes = reply.rawPayload;
    expect(Array.from({ length: 4 }, (_, i) => bytes.readFloatLE(4 * i))).toEqual(body.scores);
    expect((await send(w, 'POST', '/v1/users/ada/score', { candidates: [] })).body.scores).toEqual([]);
  });
});

it('where the data have no times, they are places in the history', async () => {
  const history = [3, 5].map((item, time) => ({ item, time }));
  const w = await world({
    catalogue: { ...catalogue, hasTimes: false, history: (user) => (user === 'ada' ? history : []) },
  });
  const events = '/v1/users/ada/events';
  const body = (message: string) => ({
    status: 422,
    body: { error: 'bad-time', message: expect.stringContaining(message) },
  });
  const places = (most: number, got: number) =>
    `expected a place in the history, 0 to ${most}, since the data have no times; got ${got}`;
  expect(await send(w, 'POST', events, { events: [film(1, 1_753_000_000)] })).toMatchObject(
    body(places(2, 1_753_000_000)),
  );
  expect(await send(w, 'POST', events, { events: [film(1, 2), film(2, 4)] })).toMatchObject(
    body(`events.1.time: ${places(3, 4)}`),
  );
  expect((await send(w, 'POST', events, { events: [film(1, 2), film(2, 3)] })).body).toEqual({ events: 4 });
  expect(await send(w, 'POST', '/v1/users/new/events', { events: [film(1, -1)] })).toMatchObject(body(places(0, -1)));
  expect((await send(w, 'POST', '/v1/users/new/events', { events: [film(1, 0)] })).body).toEqual({ events: 1 });
  expect(await send(w, 'POST', '/v1/users/ada/top', { at: 5 })).toMatchObject(body(`at: ${places(4, 5)}`));
  expect((await send(w, 'POST', '/v1/users/ada/top', {})).body.at).toBe(4);
  const { paths } = (await send(w, 'GET', '/openapi.json')).body;
  const schemaOf = (path: string) => paths[path].post.requestBody.content['application/json'].schema;
  expect(schemaOf('/v1/users/{id}/events').properties.events.items.properties.time.description).toBe(
    'Place in the history, counted from 0, not before the event before',
  );
  expect(schemaOf('/v1/users/{id}/top').properties.at.description).toBe(
    'Place in the history, counted from 0, not before the last event; default: the place after the last event',
  );
});

it('gives items like one', async () => {
  const w = await world();
  const { status, body } = await send(w, 'GET', '/v1/items/film-4/similar?k=3');
  expect(status).toBe(200);
  expect(body.items).toHaveLength(3);
  expect(body.items.map(({ item }: { item: string }) => item)).not.toContain('film-4');
});

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

describe('of itself', () => {
  it('describes its routes', async () => {
    const w = await world({ token: 'secret' });
    const headers = { authorization: 'Bearer secret' };
    const document = (await w.app.inject({ url: '/openapi.json', headers })).json();
    expect(Object.keys(document.paths).sort()).toEqual([
      '/healthz',
      '/metrics',
      '/v1/items/{id}/similar',
      '/v1/users/{id}',
      '/v1/users/{id}/events',
      '/v1/users/{id}/score',
      '/v1/users/{id}/top',
    ]);
    const { post } = document.paths['/v1/users/{id}/score'];
    expect(Object.keys(post.requestBody.content)).toEqual(['application/json', 'application/octet-stream']);
    expect(post.requestBody.content['application/json'].schema.required).toEqual(['candidates']);
    expect(post.responses['4XX'].content['application/json'].schema.properties.error.enum).toContain('busy');
    const page = await w.app.inject({ url: '/docs/', headers });
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
  });

  it('counts', async () => {
    const w = await world();
    await send(w, 'POST', '/v1/users/ada/events', { events: [film(1, 300)] });
    await send(w, 'POST', '/v1/users/ada/events', { events: [film(1, 100)] });
    await send(w, 'POST', '/v1/users/ada/top', {});
    const { payload, headers } = await w.app.inject({ url: '/metrics', headers: LOCAL });
    expect(headers['content-type']).toContain('text/plain');
    const lines = payload.split('\n');
    expect(lines).toContain('seqrec_requests_total{route="/v1/users/:id/events",method="POST",status="200"} 1');
    expect(lines).toContain('seqrec_requests_total{route="/v1/users/:id/events",method="POST",status="409"} 1');
    expect(lines).toContain('seqrec_scorer_users{shard="0"} 1');
    expect(lines).toContain('seqrec_queue_length{shard="0"} 0');
    expect(lines).toContain('seqrec_log_records_total 1');
    expect(payload).toMatch(/seqrec_batch_size_sum 3/);
    expect(payload).toMatch(/seqrec_request_seconds_count\{route="\/v1\/users\/:id\/top",method="POST"\} 1/);
  });
});
