import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { UsageError } from '../../errors.ts';

/** With these a browser lets a page share memory between threads. */
export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
} as const;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
  '.safetensors': 'application/octet-stream',
};

export interface ServeOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Whether the page may use threads, default true; false is how a plain static host behaves. */
  readonly isolated?: boolean;
}

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the files of a folder on this machine alone (127.0.0.1), read only.
 *
 * @throws UsageError when the port is taken.
 */
export async function servePage(folder: string, { port, isolated = true }: ServeOptions): Promise<PageServer> {
  const root = await realpath(folder);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const headers = {
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      ...(isolated && isolationHeaders),
    };
    const refuse = (status: number, text: string) => {
      response.writeHead(status, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'only GET and HEAD');
    const file = await fileOf(root, request.url ?? '/');
    // The browser may have gone away meanwhile, and a stream cannot be piped into what is closed.
    if (response.destroyed) return;
    if (file === undefined) return refuse(404, 'no such file');
    const type = TYPES[extname(file.path)] ?? 'application/octet-stream';
    response.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': file.size });
    if (request.method === 'HEAD') return response.end();
    return pipeline(createReadStream(file.path), response, () => undefined);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await listen(server, port);
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The file that a request names, if it lies in the folder: links that lead out of it do not count. */
async function fileOf(root: string, url: string): Promise<{ path: string; size: number } | undefined> {
  try {
    const name = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const path = await realpath(join(root, name.endsWith('/') ? `${name}index.html` : name));
    if (!path.startsWith(root + sep)) return undefined;
    const about = await stat(path);
    return about.isFile() ? { path, size: about.size } : undefined;
  } catch {
    return undefined;
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      reject(
        taken
          ? new UsageError(`--port: expected a port that is free; got ${port} (${error.code})`, 'choose another, or 0')
          : error,
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}
