import { getEventListeners } from 'node:events';
import { createServer, type Server } from 'node:net';
import { expect, it, vi } from 'vitest';
import { tcpTransport } from './tcp.ts';

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
