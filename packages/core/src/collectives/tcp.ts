import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { CollectiveError } from './collective-error.ts';
import { type Frame, FrameReader, frameHeader, frameKinds } from './tcp-frames.ts';
import { Link } from './tcp-link.ts';
import { checkRank, isRank, ownPlace, placed, refuseTag, type Transport } from './transport.ts';

export interface TcpOptions {
  readonly rank: number;
  readonly size: number;
  /** Where rank 0 listens and the others find it, `host:port`. */
  readonly rendezvous: string;
  /** Seconds until all ranks must have come; default 120. */
  readonly timeout?: number;
  /** Of the job: who brings another one is refused. Default: the empty string. */
  readonly token?: string;
}

/** What a rank says of itself when it connects. */
interface Hello {
  readonly rank: number;
  readonly size: number;
  readonly token: string;
  /** Where it listens; absent when it speaks to a rank that does not need to know. */
  readonly port?: number;
}

/**
 * Ranks that are processes, on one machine or many, each connected to each. Rank 0 listens at the rendezvous, learns
 * where the others listen, and tells all. There is no encryption: the network is taken to be a cluster's own.
 *
 * @throws CollectiveError for a rank that is none of `size`, when the ranks do not come within the timeout, or do not
 *   belong together.
 */
export async function tcpTransport(options: TcpOptions): Promise<Transport> {
  const { rank, size, timeout = 120 } = options;
  checkRank('tcp', rank, size);
  const [host, port] = hostAndPort(options.rendezvous);
  const mesh = new Mesh(rank, size);
  const sockets: Socket[] = [];
  const over = new AbortController();
  const attempts: Attempts = { signal: over.signal };
  let server: Server | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new CollectiveError(
            `tcp: expected ${size} ranks at ${options.rendezvous} within ${timeout} s; rank ${rank} is connected to ${mesh.count} of ${size - 1}${attempts.failure === undefined ? '' : `; its last attempt: ${attempts.failure}`}`,
          ),
        ),
      1000 * timeout,
    );
  });
  try {
    const guests = new Guests(options);
    server = await Promise.race([listen(rank === 0 ? port : 0, guests), late]);
    const meeting =
      rank === 0
        ? asRoot(options, guests, mesh)
        : asGuest(options, { host, port, server, guests, mesh, sockets, attempts });
    await Promise.race([meeting, guests.failed, late]);
    return mesh.transport(server);
  } catch (error) {
    over.abort();
    for (const socket of sockets) socket.destroy();
    mesh.destroy();
    server?.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function asRoot({ size }: TcpOptions, guests: Guests, mesh: Mesh): Promise<void> {
  const all = await guests.take(size - 1);
  const table = JSON.stringify(
    all.map(({ hello, socket }) => ({ rank: hello.rank, host: socket.remoteAddress, port: hello.port })),
  );
  for (const { hello, socket } of all) {
    sendHello(socket, table);
    mesh.add(hello.rank, socket);
  }
}

interface GuestPlace {
  readonly host: string;
  readonly port: number;
  readonly server: Server;
  readonly guests: Guests;
  readonly mesh: Mesh;
  readonly sockets: Socket[];
  readonly attempts: Attempts;
}

/** Connects to the root, then to the ranks below; those above come by themselves. */
async function asGuest({ rank, size, token = '' }: TcpOptions, place: GuestPlace): Promise<void> {
  const { host, port, server, guests, mesh, sockets, attempts } = place;
  const address = server.address();
  const own = address !== null && typeof address === 'object' ? address.port : 0;
  const root = await connectTo(host, port, attempts);
  sockets.push(root);
  sendHello(root, JSON.stringify({ rank, size, token, port: own } satisfies Hello));
  const table = JSON.parse(await oneHello(root, 0)) as { rank: number; host: string; port: number }[];
  mesh.add(0, root);
  for (const other of table) {
    if (other.rank >= rank) continue;
    // A rank on the root's own machine has come from an address that only the root can use.
    const socket = await connectTo(isLoopback(other.host) ? host : other.host, other.port, attempts);
    sockets.push(socket);
    sendHello(socket, JSON.stringify({ rank, size, token } satisfies Hello));
    mesh.add(other.rank, socket);
  }
  for (const { hello, socket } of await guests.take(size - 1 - rank)) mesh.add(hello.rank, socket);
}

const isLoopback = (host: string): boolean => /^(::1|::ffff:127\.|127\.)/.test(host);

/** Who connects to this rank and says a hello that fits. */
class Guests {
  readonly #options: TcpOptions;
  readonly #come = new Map<number, { readonly hello: Hello; readonly socket: Socket }>();
  #wanted: { readonly count: number; resolve(): void } | undefined;
  /** Rejects when a rank comes that cannot belong to these. */
  readonly failed: Promise<never>;
  #refuse: (error: CollectiveError) => void = () => undefined;

  constructor(options: TcpOptions) {
    this.#options = options;
    this.failed = new Promise((_, reject) => {
      this.#refuse = reject;
    });
    this.failed.catch(() => undefined);
  }

  async welcome(socket: Socket): Promise<void> {
    const { size, token = '' } = this.#options;
    socket.on('error', () => undefined);
    let hello: Hello;
    try {
      hello = JSON.parse(await oneHello(socket, undefined)) as Hello;
    } catch {
      // Whoever sends no hello is no rank.
      socket.destroy();
      return;
    }
    const why =
      hello.token !== token
        ? 'a rank of another job'
        : hello.size !== size || !isRank(hello.rank, size)
          ? `rank ${hello.rank} of ${hello.size}`
          : this.#come.has(hello.rank) || hello.rank === this.#options.rank
            ? `rank ${hello.rank} twice`
            : undefined;
    if (why === 'a rank of another job') {
      socket.destroy();
      return;
    }
    if (why !== undefined) {
      const message = `tcp: expected ${size} ranks, each once; got ${why}`;
      socket.end(Buffer.concat([frameHeader(frameKinds.abort, 0, Buffer.byteLength(message)), Buffer.from(message)]));
      this.#refuse(new CollectiveError(message));
      return;
    }
    this.#come.set(hello.rank, { hello, socket });
    if (this.#wanted !== undefined && this.#come.size >= this.#wanted.count) this.#wanted.resolve();
  }

  async take(count: number): Promise<{ readonly hello: Hello; readonly socket: Socket }[]> {
    if (this.#come.size < count)
      await new Promise<void>((resolve) => {
        this.#wanted = { count, resolve };
      });
    return [...this.#come.values()].sort((a, b) => a.hello.rank - b.hello.rank);
  }
}

/** The connections of a rank, and the exchange over them. */
class Mesh {
  readonly #rank: number;
  readonly #size: number;
  readonly #links = new Map<number, Link>();
  #failure: CollectiveError | undefined;

  constructor(rank: number, size: number) {
    this.#rank = rank;
    this.#size = size;
  }

  get count(): number {
    return this.#links.size;
  }

  add(rank: number, socket: Socket): void {
    this.#links.set(rank, new Link(rank, socket, (error) => this.#fail(error)));
  }

  /** One rank is gone: no exchange can end any more, whoever it waits for. */
  #fail(error: CollectiveError): void {
    this.#failure ??= error;
    for (const link of this.#links.values()) link.fail(error);
  }

  destroy(): void {
    for (const { socket } of this.#links.values()) socket.destroy();
  }

  transport(server: Server): Transport {
    const [rank, size, links] = [this.#rank, this.#size, this.#links];
    const abort = (reason: string): void => {
      const words = new TextEncoder().encode(`rank ${rank} ended all: ${reason}`);
      for (const link of links.values()) link.send(frameKinds.abort, 0, words).catch(() => undefined);
      this.#fail(new CollectiveError(reason));
    };
    return {
      kind: 'tcp',
      rank,
      size,
      exchange: async (pieces, tag, place) => {
        if (this.#failure !== undefined) throw this.#failure;
        const received = await Promise.all(
          pieces.map(async (piece, r) => {
            const link = links.get(r);
            if (link === undefined) return placed(r, piece, place ?? ownPlace);
            const [frame] = await Promise.all([link.next(), link.send(frameKinds.data, tag, piece)]);
            if (frame.tag === tag) return place === undefined ? frame.bytes : placed(r, frame.bytes, place);
            const message = refuseTag({ rank }, r, tag, frame.tag);
            abort(message);
            throw new CollectiveError(message);
          }),
        );
        return received;
      },
      abort,
      close: async () => {
        server.close();
        await Promise.all(Array.from(links.values(), (link) => link.leave()));
      },
    };
  }
}

function listen(port: number, guests: Guests): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => void guests.welcome(socket));
    server.once('error', (error) =>
      reject(new CollectiveError(`tcp: expected a free port ${port} for rank 0; ${error.message}`, { cause: error })),
    );
    server.listen(port, () => resolve(server));
  });
}

/** Attempts to connect, which end with the meeting. */
interface Attempts {
  readonly signal: AbortSignal;
  /** Why the last one failed; absent when it did not. */
  failure?: string | undefined;
}

/** Tries again until somebody listens: ranks do not start at the same moment. @throws Error when the signal aborts. */
async function connectTo(host: string, port: number, attempts: Attempts): Promise<Socket> {
  const { signal } = attempts;
  for (;;) {
    const socket = connect({ host, port });
    // After it is connected, whoever uses it hears by the close that follows.
    socket.on('error', () => undefined);
    try {
      // Given to `connect`, the signal would keep a listener of every attempt.
      await once(socket, 'connect', { signal });
      attempts.failure = undefined;
      return socket;
    } catch (error) {
      socket.destroy();
      const { message, code } = error as NodeJS.ErrnoException;
      // Of a name with several addresses the message is empty.
      attempts.failure = message || code;
    }
    await pause(100, undefined, { signal });
  }
}

function sendHello(socket: Socket, text: string): void {
  const bytes = Buffer.from(text);
  socket.write(frameHeader(frameKinds.hello, 0, bytes.length));
  socket.write(bytes);
}

/** Bytes of a hello, or of the table of all ranks, at most. */
const LARGEST_HELLO = 2 ** 20;

/** The first frame of a connection; what follows it waits in the socket, which is paused. */
function oneHello(socket: Socket, from: number | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const gone = (): void =>
      reject(new CollectiveError(`tcp: ${from === undefined ? 'a rank' : `rank ${from}`} has closed the connection`));
    let first: Frame | undefined;
    const reader = new FrameReader((frame) => {
      first ??= frame;
    }, LARGEST_HELLO);
    const read = (chunk: Uint8Array): void => {
      try {
        const rest = reader.pushOne(chunk);
        if (first === undefined) return;
        socket.pause();
        socket.off('data', read);
        socket.off('close', gone);
        if (rest.length > 0) socket.unshift(rest);
        const text = new TextDecoder().decode(first.bytes);
        if (first.kind === frameKinds.hello) resolve(text);
        else
          reject(
            new CollectiveError(first.kind === frameKinds.abort ? text : 'tcp: expected a hello; got other bytes'),
          );
      } catch (error) {
        reject(error as Error);
      }
    };
    socket.on('data', read);
    socket.once('close', gone);
  });
}

function hostAndPort(rendezvous: string): [host: string, port: number] {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(rendezvous) ?? [];
  if (host === undefined || Number(port) > 65535)
    throw new CollectiveError(`tcp: expected a rendezvous host:port; got '${rendezvous}'`);
  return [host, Number(port)];
}
