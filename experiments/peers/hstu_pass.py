"""A full pass of HSTU over one user's history in PyTorch on the CPU, as a peer for `seqrec bench serve`.

Written from the published equations: position and time bias, the last block for the last token alone. Variants:
  dense    whole [H, n, n] scores, bias added in place, mask after the SiLU
  blocked  blocks of queries against the keys up to their last one, so that the upper triangle costs nothing
Time buckets are made once a pass for all blocks. Under `inference_mode`.

Reads JSON {shape: {blocks, heads, width, dim}, lengths}, prints the version and the seconds of every timed pass by
variant and length. Denormals are flushed.
"""

import argparse
import json
import math
import sys
import time

import torch
import torch.nn.functional as F

torch.set_flush_denormal(True)

BLOCK = 256
ITEMS = 10_000
# A dense pass over more tokens takes gigabytes for the scores and is slower throughout.
MOST_DENSE = 4096


def layer_norm(x):
    return F.layer_norm(x, (x.shape[-1],), eps=1e-6)


class Layer:
    def __init__(self, shape, n):
        d, self.h, self.w = shape["dim"], shape["heads"], shape["width"]
        self.n = n
        self.uvqk = torch.randn(d, 4 * self.h * self.w) * 0.02
        self.o = torch.nn.Linear(self.h * self.w, d)
        self.ts = torch.randn(129) * 0.02
        self.pos = torch.randn(2 * n - 1) * 0.02

    def heads(self, x):
        return x.view(-1, self.h, self.w).transpose(0, 1)

    def bias(self, buckets, first, last):
        index = torch.arange(last).unsqueeze(0) - torch.arange(first, last).unsqueeze(1) + self.n - 1
        return F.embedding(buckets[first:last, :last], self.ts.unsqueeze(1)).squeeze(-1) + self.pos[index]

    def attend(self, q, k, v, buckets, first, last):
        """Queries first .. last - 1 against the keys up to the last of them."""
        scores = q @ k[:, :last].transpose(1, 2)
        scores += self.bias(buckets, first, last)
        weights = F.silu(scores, inplace=True)
        weights[:, :, first:].tril_()
        return (weights @ v[:, :last]).mul_(1 / self.n)

    def forward(self, x, buckets, block, last_only):
        n = x.shape[0]
        hw = self.h * self.w
        u, v, q, k = torch.split(F.silu(layer_norm(x) @ self.uvqk), hw, -1)
        q, k, v = self.heads(q), self.heads(k), self.heads(v)
        if last_only:
            attended = self.attend(q[:, n - 1 :], k, v, buckets, n - 1, n)
            u, x = u[n - 1 :], x[n - 1 :]
        else:
            attended = torch.cat(
                [
                    self.attend(q[:, first : first + block], k, v, buckets, first, min(first + block, n))
                    for first in range(0, n, block)
                ],
                1,
            )
        rows = attended.transpose(0, 1).reshape(-1, hw)
        return self.o(u * layer_norm(rows)) + x


class Hstu:
    def __init__(self, shape, n):
        self.items = torch.randn(ITEMS + 1, shape["dim"]) * 0.02
        self.positions = torch.randn(n, shape["dim"]) * 0.02
        self.layers = [Layer(shape, n) for _ in range(shape["blocks"])]

    def forward(self, ids, times, block):
        x = self.items[ids] * math.sqrt(self.items.shape[1]) + self.positions
        following = torch.cat([times[1:], times[-1:] + 60])
        difference = (following.unsqueeze(1) - times.unsqueeze(0)).abs().clamp(min=1).float()
        buckets = (difference.log() / 0.301).long().clamp(0, 128)
        for i, layer in enumerate(self.layers):
            x = layer.forward(x, buckets, block, i == len(self.layers) - 1)
        return F.normalize(x, dim=-1, eps=1e-6)


def measure(f, steps):
    f()
    seconds = []
    for _ in range(steps):
        begin = time.perf_counter()
        f()
        seconds.append(time.perf_counter() - begin)
    return seconds


def torch_version():
    """PyTorch's version and the BLAS that its products run on."""
    words = torch.__config__.show()
    blas = "MKL" if "BLAS_INFO=mkl" in words else "OpenBLAS" if "BLAS_INFO=open" in words else "unknown BLAS"
    return f"{torch.__version__}, {blas}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    request = json.load(sys.stdin)
    results = []
    with torch.inference_mode():
        for n in request["lengths"]:
            model = Hstu(request["shape"], n)
            ids = 1 + torch.arange(n) * 7919 % ITEMS
            gaps = torch.where(torch.arange(n) % 5 == 0, 3600 + torch.arange(n) * 7919 % 40000, torch.arange(n) * 31 % 300)
            times = gaps.cumsum(0)
            variants = {"blocked": BLOCK}
            if n <= MOST_DENSE:
                variants["dense"] = n
            for name, block in variants.items():
                seconds = measure(lambda: model.forward(ids, times, block), options.steps)
                results.append({"length": n, "variant": name, "seconds": seconds})
    print(json.dumps({"torch": torch_version(), "results": results}))


main()
