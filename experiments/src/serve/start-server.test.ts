import { once } from 'node:events';
import { connect } from 'node:net';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { EventLog } from './event-log.ts';
import { readLog } from './read-log.ts';
import { post, startWorld } from './test-support/start-world.ts';
import { catalogue } from './test-support/world.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const event = (item: number, time: number) => ({ events: [{ item: `film-${item}`, time }] });

describe('the server', () => {
  it('answers what has arrived before it stops, and the log has it', async () => {
    const server = await startWorld();
    const sent = Array.from({ length: 50 }, (_, i) =>
      post(`${server.url}/v1/users/u${i % 5}/events`, event(1 + (i % 20), 7)),
    );
    const all = Promise.allSettled(sent);
    // The others are on their way when the first is answered.
    await sent[0];
    const began = performance.now();
    await server.close();
    // Its clients keep their connections for a next request, and are not waited for.
    expect(performance.now() - began).toBeLessThan(5000);
    const settled = await all;
    const stored = settled.filter((each) => each.status === 'fulfilled' && each.value.status === 200);
    expect(stored.length).toBeGreaterThan(0);
    const { users } = await readLog(server.log, catalogue.digest);
    const held = [...users.values()].reduce((sum, { events }) => sum + events.length, 0);
    expect(held).toBe(stored.length);
  });

  it('refuses a port that is taken', async () => {
    const server = await startWorld();
    await expect(startWorld({}, { port: server.port })).rejects.toThrow(
      `--port: expected a port that is free; got ${server.port} (EADDRINUSE); choose another, or 0`,
    );
    await server.close();
  });

  it('closes the log when it cannot start', async () => {
    const close = vi.spyOn(EventLog.prototype, 'close');
    const place = { base: 'a', latest: 'a', deltas: 0 };
    const deltas = { folder: import.meta.filename, place, data: catalogue.digest };
    await expect(startWorld({}, { deltas })).rejects.toThrow('ENOTDIR');
    expect(close).toHaveBeenCalledOnce();
    close.mockRestore();
  });

  it('a client that never sends its body gets 408, and holds no place in the queue', async () => {
    const server = await startWorld({ requestMs: 300, queue: 1 });
    const socket = connect(server.port, '127.0.0.1');
    socket.write(
      'POST /v1/users/ada/top HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"k"',
    );
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    expect((await post(`${server.url}/v1/users/ada/top`, {})).status).toBe(200);
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    await server.close();
  });
});
