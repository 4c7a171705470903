"""HSTU attention and causal softmax attention in PyTorch on a GPU, as a peer for `seqrec bench gpu`.

Written from the published equations. Variants, float32 as ours:
  sdpa    torch.nn.functional.scaled_dot_product_attention, causal (softmax)
  triton  a fused kernel of HSTU attention without bias, forward: keys and values streamed in tiles, the scores in
          registers, tiles above the diagonal skipped; only where Triton can be imported
  eager   whole [B, H, N, N] scores, gradients by autograd (HSTU), where they fit
Float32 products may use TF32 in `triton` and `sdpa`, as PyTorch's users would let them.

Reads a JSON list of points (kind, length, width, sequences, heads), prints {"device", "results"}. `--device cpu` runs
the eager variants without a GPU, to try the script.
"""

import argparse
import json
import sys
import time

import torch
import torch.nn.functional as F

try:
    import triton
    import triton.language as tl
except ImportError:
    triton = None

# Bytes of eager scores above which the variant is left out.
LARGEST_SCORES = 4 << 30

if triton is not None:

    @triton.jit
    def hstu_forward(
        Q, K, V, Out, N, H, scale, inverse, A: tl.constexpr, QUERIES: tl.constexpr, KEYS: tl.constexpr
    ):
        tile = tl.program_id(0)
        head = tl.program_id(1) % H
        sequence = tl.program_id(1) // H
        stride = H * A
        base = sequence.to(tl.int64) * N * stride + head * A
        rows = tile * QUERIES + tl.arange(0, QUERIES)
        columns = tl.arange(0, A)
        q = tl.load(Q + base + rows[:, None] * stride + columns[None, :], mask=rows[:, None] < N, other=0.0)
        out = tl.zeros((QUERIES, A), dtype=tl.float32)
        for first in range(0, tl.minimum(N, (tile + 1) * QUERIES), KEYS):
            keys = first + tl.arange(0, KEYS)
            inside = keys[:, None] < N
            k = tl.load(K + base + keys[:, None] * stride + columns[None, :], mask=inside, other=0.0)
            v = tl.load(V + base + keys[:, None] * stride + columns[None, :], mask=inside, other=0.0)
            s = tl.dot(q, tl.trans(k)) * scale
            p = tl.where(keys[None, :] <= rows[:, None], s * tl.sigmoid(s) * inverse, 0.0)
            out += tl.dot(p.to(v.dtype), v)
        tl.store(Out + base + rows[:, None] * stride + columns[None, :], out, mask=rows[:, None] < N)


def fused(q, k, v, *_):
    b, n, h, a = q.shape
    out = torch.empty_like(v)
    hstu_forward[(triton.cdiv(n, 64), b * h)](q, k, v, out, n, h, 1.0, 1.0 / n, A=a, QUERIES=64, KEYS=32)
    return out


def eager(q, k, v, position, time_table, buckets):
    n = q.shape[1]
    s = torch.einsum("bihd,bjhd->bhij", q, k)
    if position is not None:
        index = torch.arange(n, device=q.device).unsqueeze(0) - torch.arange(n, device=q.device).unsqueeze(1) + n - 1
        s = s + position[index] + time_table[buckets]
    mask = torch.tril(torch.ones(n, n, device=q.device)) / n
    return torch.einsum("bhij,bjhd->bihd", F.silu(s) * mask, v)


def sdpa(q, k, v, *_):
    out = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), is_causal=True)
    return out.transpose(1, 2)


def time_buckets(n, device):
    place = torch.arange(n, device=device)
    gaps = torch.where(place % 5 == 0, 3600 + place * 7919 % 40000, place * 31 % 300)
    times = torch.cat([torch.zeros(1, dtype=torch.long, device=device), gaps.cumsum(0)[:-1]])
    difference = (times.unsqueeze(1) + 60 - times.unsqueeze(0)).abs().clamp(min=1).float()
    return (difference.log() / 0.301).long().clamp(0, 128)


def measure(f, device, rounds):
    seconds = []
    for i in range(rounds + 2):
        if device.type == "cuda":
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            f()
            end.record()
            torch.cuda.synchronize()
            taken = begin.elapsed_time(end) / 1000
        else:
            start = time.perf_counter()
            f()
            taken = time.perf_counter() - start
        # The first calls compile.
        if i > 1:
            seconds.append(taken)
    return seconds


def variants_of(point, device):
    scores = 4 * point["sequences"] * point["heads"] * point["length"] ** 2
    if point["kind"] == "softmax":
        return {"sdpa": (sdpa, True)}
    found = {}
    if point["kind"] == "hstu" and triton is not None and device.type == "cuda":
        found["triton"] = (fused, False)
    if scores <= LARGEST_SCORES:
        found["eager"] = (eager, True)
    return found


def check(point, q, k, v, inputs):
    """The fused kernel against the eager one, before it is timed."""
    with torch.no_grad():
        expected, got = eager(q[:1], k[:1], v[:1], *inputs), fused(q[:1].contiguous(), k[:1], v[:1])
    error = (expected - got).abs().max().item() / expected.abs().max().item()
    if error > 1e-2:
        raise RuntimeError(f"triton kernel differs from eager by {error:.1e} at {point}")


def torch_version():
    """PyTorch's version and the BLAS that its products run on."""
    words = torch.__config__.show()
    blas = "MKL" if "BLAS_INFO=mkl" in words else "OpenBLAS" if "BLAS_INFO=open" in words else "unknown BLAS"
    return f"{torch.__version__}, {blas}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("expected a CUDA device for PyTorch; got none")
    device = torch.device(options.device)
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.manual_seed(1)
    results = []
    for index, point in enumerate(json.load(sys.stdin)):
        b, n, h, a = point["sequences"], point["length"], point["heads"], point["width"]
        q, k, v = (torch.randn(b, n, h, a, device=device, requires_grad=True) for _ in range(3))
        biased = point["kind"] == "hstu+bias"
        position = (torch.randn(2 * n - 1, device=device) * 0.02).requires_grad_() if biased else None
        table = (torch.randn(129, device=device) * 0.02).requires_grad_() if biased else None
        buckets = time_buckets(n, device) if biased else None
        dy = torch.randn(b, n, h, a, device=device)
        leaves = [x for x in (q, k, v, position, table) if x is not None]
        found = variants_of(point, device)
        if "triton" in found and 4 * h * n * n <= LARGEST_SCORES:
            check(point, q, k, v, (position, table, buckets))
        for name, (attention, has_backward) in found.items():

            def forward():
                with torch.no_grad():
                    return attention(q, k, v, position, table, buckets)

            timings = {"forward": measure(forward, device, options.rounds)}
            if has_backward:
                out = attention(q, k, v, position, table, buckets)
                timings["backward"] = measure(
                    lambda: torch.autograd.grad(out, leaves, dy, retain_graph=True), device, options.rounds
                )
                del out
            for direction, seconds in timings.items():
                results.append({"point": index, "direction": direction, "variant": name, "seconds": seconds})
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    json.dump({"device": f"{name}, PyTorch {torch_version()}", "results": results}, sys.stdout)


if __name__ == "__main__":
    main()
