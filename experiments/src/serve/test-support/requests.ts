// Requests to worlds that are closed after each test.
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll } from 'vitest';
import { openWorld, type World, type WorldOptions } from './world.ts';

let open: World[] = [];

beforeAll(async () => {
  await tf.setBackend('cpu');
});

afterEach(async () => {
  await Promise.all(open.map((world) => world.close()));
  open = [];
});

export async function world(options: WorldOptions = {}): Promise<World> {
  const made = await openWorld(options);
  open.push(made);
  return made;
}

export const LOCAL = { host: 'localhost:8080' };

export async function send({ app }: World, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object | string) {
  const headers = { ...LOCAL, ...(typeof payload === 'string' && { 'content-type': 'application/json' }) };
  const reply = await app.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
  return { status: reply.statusCode, headers: reply.headers, body: reply.json() };
}

export const film = (item: number, time: number) => ({ item: `film-${item}`, time });
