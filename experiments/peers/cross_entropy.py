"""Full cross-entropy over all items in eager PyTorch on the CPU, as a peer for `seqrec bench softmax`.

  logits = queries @ items.T; cross_entropy(logits, targets); backward

Reads a JSON object (tokens, items, width), prints the version and a JSON list of seconds. Denormals are flushed.
"""

import argparse
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

torch.set_flush_denormal(True)


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
    size = json.load(sys.stdin)
    queries = (torch.randn(size["tokens"], size["width"]) * size["width"] ** -0.25).requires_grad_()
    items = (torch.randn(size["items"], size["width"]) * size["width"] ** -0.25).requires_grad_()
    targets = torch.randint(size["items"], (size["tokens"],))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def step():
        queries.grad = items.grad = None
        begin = time.perf_counter()
        F.cross_entropy(queries @ items.T, targets).backward()
        return time.perf_counter() - begin

    step()
    seconds = [step() for _ in range(options.steps)]
    peak = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    json.dump({"torch": torch_version(), "seconds": seconds, "peakBytes": peak}, sys.stdout)


if __name__ == "__main__":
    main()
