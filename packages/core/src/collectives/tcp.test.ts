import { getEventListeners } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { expect, it, vi } from 'vitest';
import { tcpTransport } from './tcp.ts';
import { frameHeader, frameKinds } from './tcp-frames.ts';
import { sharedRanks, workerTransport } from './workers.ts';

function listen(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(port, '127.0.0.1', () => resolve(server));
  });
}

it('a rank that nobody met gives up, and greets no later job', async () => {
  const server = await listen(0);
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const rendezvous = `127.0.0.1:${port}`;
  const { abort } = AbortController.prototype;
  const kept: number[] = [];
  const spy = vi.spyOn(AbortController.prototype, 'abort').mockImplementation(function (this: AbortController) {
    kept.push(getEventListeners(this.signal, 'abort').length);
    abort.call(this);
  });
  await expect(tcpTransport({ rank: 1, size: 2, rendezvous, timeout: 0.3 })).rejects.toThrow(
    `tcp: expected 2 ranks at ${rendezvous} within 0.3 s; rank 1 is connected to 0 of 1; its last attempt: connect ECONNREFUSED ${rendezvous}`,
  );
  spy.mockRestore();
  // That of the attempt, or of the pause, in which the time was over.
  expect(kept).toEqual([1]);
  const later = await listen(port);
  let guests = 0;
  later.on('connection', (socket) => {
    guests++;
    socket.destroy();
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(guests).toBe(0);
  await new Promise((resolve) => later.close(resolve));
});

it.each([
  [-1, 2],
  [2, 2],
  [0.5, 2],
  [Number.NaN, 2],
  [0, 0],
  [0, 1.5],
])('a rank %s of %s is refused at once, by threads too', async (rank, size) => {
  const words = `expected a whole number of ranks of at least 1, and a rank from 0 to one less; got rank ${rank} of ${size}`;
  await expect(tcpTransport({ rank, size, rendezvous: '127.0.0.1:1', timeout: 5 })).rejects.toThrow(`tcp: ${words}`);
  if (size === 2) expect(() => workerTransport(sharedRanks(size), rank)).toThrow(`workers: ${words}`);
});

it('a greeting of a rank that is none of the job ends it, whoever sent it', async () => {
  const server = await listen(0);
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const root = tcpTransport({ rank: 0, size: 2, rendezvous: `127.0.0.1:${port}`, timeout: 20 });
  const refused = expect(root).rejects.toThrow('tcp: expected 2 ranks, each once; got rank 2 of 2');
  const hello = Buffer.from(JSON.stringify({ rank: 2, size: 2, token: '', port: 1 }));
  const socket = connect(port, '127.0.0.1');
  socket.write(frameHeader(frameKinds.hello, 0, hello.length));
  socket.write(hello);
  await refused;
  socket.destroy();
});
