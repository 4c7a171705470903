import { recommend } from '@seqrec/models';
import { describe, expect, it } from 'vitest';
import { film, LOCAL, send, world } from './test-support/requests.ts';
import { catalogue } from './test-support/world.ts';

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
