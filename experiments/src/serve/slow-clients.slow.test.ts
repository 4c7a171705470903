import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { useBackend } from '@seqrec/core';
import { beforeAll, expect, test } from 'vitest';
import { post, startWorld } from './test-support/start-world.ts';

const CLIENTS = 1000;
/** Pauses between the pieces of a slow client's request. */
const PIECE_MS = 400;

beforeAll(async () => {
  await useBackend('cpu');
});

/** Sends a request in eight pieces and resolves with the head of its answer. */
async function slowly(port: number, user: string, opened: Socket[]): Promise<string> {
  const body = JSON.stringify({ events: [{ item: 'film-1', time: 1 }] });
  const head = `POST /v1/users/${user}/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const text = head + body;
  const socket = connect(port, '127.0.0.1');
  opened.push(socket);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  const closed = once(socket, 'close');
  const piece = Math.ceil(text.length / 8);
  for (let at = 0; at < text.length; at += piece) {
    socket.write(text.slice(at, at + piece));
    await sleep(PIECE_MS);
  }
  await closed;
  return answer.split('\r\n')[0];
}

test('1,000 slow clients: others are answered meanwhile, and so are they', async () => {
  // All end their requests at once: that is a burst, of which some might be refused otherwise.
  const server = await startWorld({ requestMs: 60_000, latencyMs: 60_000 });
  const sockets: Socket[] = [];
  const slow = Array.from({ length: CLIENTS }, (_, i) => slowly(server.port, `slow-${i}`, sockets));
  await sleep(PIECE_MS);
  const times: number[] = [];
  for (let i = 0; i < 30; i++) {
    const start = performance.now();
    expect((await post(`${server.url}/v1/users/ada/top`, { k: 3 })).status).toBe(200);
    times.push(performance.now() - start);
    await sleep(20);
  }
  const median = times.sort((a, b) => a - b)[15];
  expect(median).toBeLessThan(PIECE_MS / 2);
  const answers = await Promise.all(slow);
  expect(new Set(answers)).toEqual(new Set(['HTTP/1.1 200 OK']));
  for (let i = 0; i < CLIENTS; i++) expect(server.scorer.history(`slow-${i}`)).toHaveLength(1);
  await server.close();
});

test('1,000 clients that never end their request are sent away', async () => {
  const server = await startWorld({ requestMs: 2000 });
  const sockets = Array.from({ length: CLIENTS }, () => connect(server.port, '127.0.0.1'));
  const answers = sockets.map(async (socket) => {
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => undefined);
    socket.write(
      'POST /v1/users/ada/top HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await once(socket, 'close');
    return answer.slice(0, 12);
  });
  expect((await post(`${server.url}/v1/users/ada/top`, { k: 3 })).status).toBe(200);
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['HTTP/1.1 408']));
  expect((await post(`${server.url}/v1/users/ada/top`, { k: 3 })).status).toBe(200);
  await server.close();
});
