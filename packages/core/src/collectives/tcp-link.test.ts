import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { frameKinds } from './tcp-frames.ts';
import { Link } from './tcp-link.ts';

/** A connection whose other side has just been killed: what is written fails before anybody says so otherwise. */
function killed(): Socket {
  const socket = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => done(new Error('write ECONNRESET')),
  });
  return Object.assign(socket, { setNoDelay: () => socket }) as unknown as Socket;
}

it('whoever learns by sending that a rank is gone says so in the same words, and tells the others', async () => {
  const words = 'rank 2 is gone: write ECONNRESET; all ranks end, go on with --resume';
  const told: string[] = [];
  const link = new Link(2, killed(), (error) => told.push(error.message));
  await expect(link.send(frameKinds.data, 1, new Uint8Array(8))).rejects.toThrow(words);
  await expect(link.next()).rejects.toThrow(words);
  expect(told).toEqual([words]);
});
