"""HSTU attention and causal softmax attention in eager PyTorch on the CPU, as a peer for `seqrec bench attention`.

Written from the published equations. Variants, each as good as eager PyTorch was made here:
  dense    whole [B, 1, N, N] scores, bias added in place, mask after the SiLU, gradients by autograd
  blocked  blocks of queries against the keys up to their last one, so that the upper triangle costs nothing and a block
           stays in the cache; the backward pass, written by hand, makes the scores again (HSTU only)
  sdpa     torch.nn.functional.scaled_dot_product_attention, causal (softmax only)
Time buckets are made once before timing, as a model shares them between its layers.

Reads a JSON list of points (kind, length, width, sequences), prints the version and a JSON list of timings.
Denormals are flushed.
"""

import argparse
import json
import sys
import time

import torch
import torch.nn.functional as F

torch.set_flush_denormal(True)

BLOCK = 256


def position_bias(table, first, last, n):
    """[last - first, last]: entry (j - i) + n - 1."""
    index = torch.arange(last).unsqueeze(0) - torch.arange(first, last).unsqueeze(1) + n - 1
    return table[index]


class Blocked(torch.autograd.Function):
    @staticmethod
    def scores(q, k, first, last, position, time, buckets, n):
        s = q[:, first:last] @ k[:, :last].transpose(1, 2)
        if position is not None:
            s += position_bias(position, first, last, n)
            s += F.embedding(buckets[:, first:last, :last], time.unsqueeze(1)).squeeze(-1)
        return s

    @staticmethod
    def forward(ctx, q, k, v, position, time, buckets):
        n = q.shape[1]
        out = torch.empty_like(v)
        for first in range(0, n, BLOCK):
            last = min(first + BLOCK, n)
            p = F.silu(Blocked.scores(q, k, first, last, position, time, buckets, n), inplace=True)
            p[:, :, first:].tril_()
            out[:, first:last] = (p @ v[:, :last]).mul_(1 / n)
        ctx.save_for_backward(q, k, v, position, time, buckets)
        return out

    @staticmethod
    def backward(ctx, dy):
        q, k, v, position, time, buckets = ctx.saved_tensors
        n = q.shape[1]
        dq, dk, dv = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        dposition = None if position is None else torch.zeros_like(position)
        dtime = None if time is None else torch.zeros_like(time)
        for first in range(0, n, BLOCK):
            last = min(first + BLOCK, n)
            s = Blocked.scores(q, k, first, last, position, time, buckets, n)
            sigma = torch.sigmoid(s)
            upstream = dy[:, first:last] * (1 / n)
            ds = upstream @ v[:, :last].transpose(1, 2)
            p = s * sigma
            ds.mul_(torch.addcmul(sigma, p, 1 - sigma))
            p[:, :, first:].tril_()
            ds[:, :, first:].tril_()
            dv[:, :last] += p.transpose(1, 2) @ upstream
            dq[:, first:last] = ds @ k[:, :last]
            dk[:, :last] += ds.transpose(1, 2) @ q[:, first:last]
            if position is not None:
                index = torch.arange(last).unsqueeze(0) - torch.arange(first, last).unsqueeze(1) + n - 1
                dposition.index_add_(0, index.flatten(), ds.sum(0).flatten())
                dtime += torch.bincount(buckets[:, first:last, :last].flatten(), ds.flatten(), len(dtime)).to(dtime.dtype)
        return dq, dk, dv, dposition, dtime, None


def dense(q, k, v, position, time, buckets):
    n = q.shape[1]
    s = q @ k.transpose(1, 2)
    if position is not None:
        s = s + F.embedding(buckets, time.unsqueeze(1)).squeeze(-1)
        s += position_bias(position, 0, n, n)
    return (F.silu(s) * (torch.tril(torch.ones(n, n)) / n)) @ v


def sdpa(q, k, v, *_):
    out = F.scaled_dot_product_attention(q.unsqueeze(1), k.unsqueeze(1), v.unsqueeze(1), is_causal=True)
    return out.squeeze(1)


def time_buckets(b, n):
    gaps = torch.where(torch.arange(n) % 5 == 0, 3600 + torch.arange(n) * 7919 % 40000, torch.arange(n) * 31 % 300)
    times = torch.cat([torch.zeros(1, dtype=torch.long), gaps.cumsum(0)[:-1]])
    difference = (times.unsqueeze(1) + 60 - times.unsqueeze(0)).abs().clamp(min=1).float()
    return (difference.log() / 0.301).long().clamp(0, 128).expand(b, n, n).contiguous()


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
    parser.add_argument("--steps", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    results = []
    for point in json.load(sys.stdin):
        b, n, a, kind = point["sequences"], point["length"], point["width"], point["kind"]
        q, k, v = (torch.randn(b, n, a, requires_grad=True) for _ in range(3))
        biased = kind == "hstu+bias"
        position = torch.nn.Parameter(torch.randn(2 * n - 1) * 0.02) if biased else None
        table = torch.nn.Parameter(torch.randn(129) * 0.02) if biased else None
        buckets = time_buckets(b, n) if biased else None
        inputs = [x for x in (q, k, v, position, table) if x is not None]
        dy = torch.randn(b, n, a)
        variants = {"sdpa": sdpa} if kind == "softmax" else {"dense": dense, "blocked": Blocked.apply}
        for name, attention in variants.items():

            def forward():
                with torch.no_grad():
                    return attention(q, k, v, position, table, buckets)

            out = attention(q, k, v, position, table, buckets)
            timings = {
                "forward": measure(forward, options.steps),
                "backward": measure(lambda: torch.autograd.grad(out, inputs, dy, retain_graph=True), options.steps),
            }
            del out
            for direction, seconds in timings.items():
                results.append({"kind": kind, "width": a, "direction": direction, "variant": name, "seconds": seconds})
    json.dump({"torch": torch_version(), "results": results}, sys.stdout)


if __name__ == "__main__":
    main()
