"""A training step of HSTU or SASRec in PyTorch on the CPU, as a peer for `seqrec bench step`.

Written from the published equations. Three variants of each model:
  research  shaped like the public research code: padded sequences, the relative attention bias gathered and stored as
            [B, n, n], negatives of the sampled softmax gathered as [T, R, D]
  best      as good as eager PyTorch was made here: sequences sorted by length and padded to the longest of a small
            group, time buckets computed once for all layers, bias added in place, scores of the sampled softmax by one batched
            product per chunk of tokens that fits the cache
  compile   the research variant under torch.compile

Reads a JSON file with the model's shape and a batch (lengths, ids, timestamps), prints one JSON line with the seconds
of every timed step. Denormals are flushed: worth a fifth of the time on this model.
"""

import argparse
import json
import math
import sys
import time

import torch
import torch.nn.functional as F

torch.set_flush_denormal(True)


def layer_norm(x, eps):
    return F.layer_norm(x, (x.shape[-1],), eps=eps)


class Shared(torch.nn.Module):
    """Item table, positions, loss: the parts around the encoder."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        d = c["embeddingDim"]
        self.n = c["maxSequenceLength"] + c["outputLength"]
        self.items = torch.nn.Embedding(c["numItems"] + 1, d)
        self.positions = torch.nn.Embedding(self.n, d)
        torch.nn.init.trunc_normal_(self.items.weight, std=0.02, a=-0.04, b=0.04)

    def inputs(self, ids):
        d = self.c["embeddingDim"]
        x = self.items(ids) * math.sqrt(d) + self.positions.weight[: ids.shape[1]]
        return F.dropout(x, self.c["inputDropout"], self.training) * (ids != 0).unsqueeze(-1)

    def loss_research(self, encoded, ids, lengths, c):
        """Gathers the negatives as [T, R, D]."""
        mask = torch.arange(ids.shape[1]) < lengths.unsqueeze(1)
        queries = encoded[mask]
        targets = torch.cat([ids[:, 1:], torch.zeros_like(ids[:, :1])], 1)[mask]
        negatives = torch.randint(1, c["numItems"] + 1, (queries.shape[0], c["numNegatives"]))
        table = self.items.weight
        positive = F.normalize(table[targets], dim=-1, eps=1e-6)
        sampled = F.normalize(self.items(negatives), dim=-1, eps=1e-6)
        z0 = (queries * positive).sum(-1, keepdim=True) / c["temperature"]
        z = torch.bmm(sampled, queries.unsqueeze(-1)).squeeze(-1) / c["temperature"]
        z = torch.where(negatives == targets.unsqueeze(1), torch.full_like(z, -5e4), z)
        return -F.log_softmax(torch.cat([z0, z], 1), 1)[:, 0].mean()

    def loss_best(self, queries, targets, c):
        """Scores every item with one product where the catalogue is small, else gathers in chunks of tokens."""
        table = F.normalize(self.items.weight, dim=-1, eps=1e-6)
        t, r = queries.shape[0], c["numNegatives"]
        negatives = torch.randint(1, c["numItems"] + 1, (t, r))
        ids = torch.cat([targets.unsqueeze(1), negatives], 1)
        if c["numItems"] <= 20_000:
            z = (queries @ table.t()).gather(1, ids) / c["temperature"]
        else:
            parts = []
            for begin in range(0, t, 256):
                q = queries[begin : begin + 256]
                rows = F.embedding(ids[begin : begin + 256], table)
                parts.append(torch.bmm(rows, q.unsqueeze(-1)).squeeze(-1))
            z = torch.cat(parts) / c["temperature"]
        hit = ids == targets.unsqueeze(1)
        hit[:, 0] = False
        return -F.log_softmax(z.masked_fill(hit, -5e4), 1)[:, 0].mean()


class HstuLayer(torch.nn.Module):
    def __init__(self, c, n):
        super().__init__()
        d, h, a, v = c["embeddingDim"], c["numHeads"], c["dqk"], c["dv"]
        self.c, self.n = c, n
        self.uvqk = torch.nn.Parameter(torch.randn(d, 2 * h * v + 2 * h * a) * 0.02)
        self.o = torch.nn.Linear(h * v, d)
        self.ts = torch.nn.Parameter(torch.randn(129) * 0.02)
        self.pos = torch.nn.Parameter(torch.randn(2 * n - 1) * 0.02)

    def project(self, x):
        c = self.c
        h, a, v = c["numHeads"], c["dqk"], c["dv"]
        mixed = F.silu(layer_norm(x, 1e-6) @ self.uvqk)
        return torch.split(mixed, [h * v, h * v, h * a, h * a], -1)

    def finish(self, u, attended, x):
        gated = u * layer_norm(attended, 1e-6)
        return self.o(F.dropout(gated, self.c["linearDropout"], self.training)) + x


class Hstu(Shared):
    def __init__(self, c):
        super().__init__(c)
        self.layers = torch.nn.ModuleList(HstuLayer(c, self.n) for _ in range(c["numBlocks"]))

    def buckets(self, times, n):
        """Time buckets [B, n, n]: the query side uses the next event's time."""
        following = torch.cat([times[:, 1:], times[:, -1:]], 1)
        difference = (following.unsqueeze(2) - times.unsqueeze(1)).abs().clamp(min=1).float()
        return (difference.log() / 0.301).long().clamp(0, 128)

    def step_research(self, ids, times, lengths):
        b, n = ids.shape
        c = self.c
        h, a, v = c["numHeads"], c["dqk"], c["dv"]
        valid = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(-1)
        x = self.inputs(ids) * valid
        causal = torch.tril(torch.ones(n, n))
        index = torch.arange(n).unsqueeze(0) - torch.arange(n).unsqueeze(1) + n - 1
        for layer in self.layers:
            bias = layer.pos[index].unsqueeze(0) + layer.ts[self.buckets(times, n)]
            u, value, q, k = layer.project(x)
            scores = torch.einsum("bnhd,bmhd->bhnm", q.view(b, n, h, a), k.view(b, n, h, a)) + bias.unsqueeze(1)
            weights = F.silu(scores) / n * causal
            attended = torch.einsum("bhnm,bmhd->bnhd", weights, value.reshape(b, n, h, v)).reshape(b, n, h * v)
            x = layer.finish(u, attended, x) * valid
        encoded = F.normalize(x, dim=-1, eps=1e-6)
        return self.loss_research(encoded, ids, lengths, c)

    def step_best(self, groups, scale):
        c = self.c
        h, a, v = c["numHeads"], c["dqk"], c["dv"]
        queries, targets = [], []
        for ids, times, lengths in groups:
            b, n = ids.shape
            valid = torch.arange(n) < lengths.unsqueeze(1)
            x = self.inputs(ids) * valid.unsqueeze(-1)
            buckets = self.buckets(times, n)
            causal = torch.tril(torch.ones(n, n))
            index = torch.arange(n).unsqueeze(0) - torch.arange(n).unsqueeze(1) + self.n - 1
            for layer in self.layers:
                bias = F.embedding(buckets, layer.ts.unsqueeze(1)).squeeze(-1) + layer.pos[index]
                u, value, q, k = layer.project(x)
                q = q.view(b, n, h, a).transpose(1, 2)
                k = k.view(b, n, h, a).transpose(1, 2)
                value = value.reshape(b, n, h, v).transpose(1, 2)
                scores = q @ k.transpose(2, 3) + bias.unsqueeze(1)
                attended = (F.silu(scores) * (causal / scale)) @ value
                x = layer.finish(u, attended.transpose(1, 2).reshape(b, n, h * v), x) * valid.unsqueeze(-1)
            queries.append(x[valid])
            targets.append(torch.cat([ids[:, 1:], torch.zeros_like(ids[:, :1])], 1)[valid])
        encoded = F.normalize(torch.cat(queries), dim=-1, eps=1e-6)
        return self.loss_best(encoded, torch.cat(targets), c)


class SasrecBlock(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        d = c["embeddingDim"]
        self.c = c
        self.attention = torch.nn.MultiheadAttention(d, c["numHeads"], dropout=c["ffnDropout"], batch_first=True)
        self.w1 = torch.nn.Linear(d, c["ffnDim"])
        self.w2 = torch.nn.Linear(c["ffnDim"], d)

    def forward(self, x, valid, best):
        c = self.c
        q = layer_norm(x, 1e-8)
        n = x.shape[1]
        if best:
            h, d = c["numHeads"], c["embeddingDim"]
            w, bias = self.attention.in_proj_weight, self.attention.in_proj_bias
            queries = F.linear(q, w[:d], bias[:d]).view(-1, n, h, d // h).transpose(1, 2)
            keys, values = F.linear(x, w[d:], bias[d:]).view(-1, n, 2, h, d // h).permute(2, 0, 3, 1, 4)
            attended = F.scaled_dot_product_attention(queries, keys, values, is_causal=True, dropout_p=c["ffnDropout"])
            a = self.attention.out_proj(attended.transpose(1, 2).reshape(-1, n, d))
        else:
            mask = torch.triu(torch.ones(n, n, dtype=torch.bool), 1)
            a, _ = self.attention(q, x, x, attn_mask=mask)
        z = layer_norm(q + a, 1e-8)
        hidden = F.dropout(F.relu(self.w1(z)), c["ffnDropout"], self.training)
        return (z + F.dropout(self.w2(hidden), c["ffnDropout"], self.training)) * valid


class Sasrec(Shared):
    def __init__(self, c):
        super().__init__(c)
        self.blocks = torch.nn.ModuleList(SasrecBlock(c) for _ in range(c["numBlocks"]))

    def step_research(self, ids, times, lengths):
        valid = (torch.arange(ids.shape[1]) < lengths.unsqueeze(1)).unsqueeze(-1)
        x = self.inputs(ids) * valid
        for block in self.blocks:
            x = block(x, valid, False)
        return self.loss_research(F.normalize(x, dim=-1, eps=1e-6), ids, lengths, self.c)

    def step_best(self, groups, scale):
        queries, targets = [], []
        for ids, _, lengths in groups:
            valid = torch.arange(ids.shape[1]) < lengths.unsqueeze(1)
            x = self.inputs(ids) * valid.unsqueeze(-1)
            for block in self.blocks:
                x = block(x, valid.unsqueeze(-1), True)
            queries.append(x[valid])
            targets.append(torch.cat([ids[:, 1:], torch.zeros_like(ids[:, :1])], 1)[valid])
        return self.loss_best(F.normalize(torch.cat(queries), dim=-1, eps=1e-6), torch.cat(targets), self.c)


def padded(batch, n):
    """Columns hold the history and, at column `length`, the target."""
    lengths = torch.tensor(batch["lengths"])
    ids = torch.zeros(len(lengths), n, dtype=torch.long)
    times = torch.zeros(len(lengths), n, dtype=torch.long)
    for row, (sequence, stamps) in enumerate(zip(batch["ids"], batch["timestamps"])):
        ids[row, : len(sequence)] = torch.tensor(sequence)
        times[row, : len(stamps)] = torch.tensor(stamps)
    return ids, times, lengths


def groups_of(ids, times, lengths, size):
    order = torch.argsort(lengths)
    result = []
    for begin in range(0, len(order), size):
        rows = order[begin : begin + size]
        width = int(lengths[rows].max()) + 1
        result.append((ids[rows, :width], times[rows, :width], lengths[rows]))
    return result


def torch_version():
    """PyTorch's version and the BLAS that its products run on."""
    words = torch.__config__.show()
    blas = "MKL" if "BLAS_INFO=mkl" in words else "OpenBLAS" if "BLAS_INFO=open" in words else "unknown BLAS"
    return f"{torch.__version__}, {blas}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("--variant", choices=["research", "best", "compile"], required=True)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--group", type=int, default=16)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    with open(options.input) as file:
        request = json.load(file)
    config = request["config"]
    model = (Hstu if config["kind"] == "hstu" else Sasrec)(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0,
                                  fused=options.variant == "best")
    n = model.n
    ids, times, lengths = padded(request["batch"], n)
    groups = groups_of(ids, times, lengths, options.group)
    research = model.step_research
    if options.variant == "compile":
        research = torch.compile(research)
    seconds = []
    for step in range(options.warmup + options.steps):
        begin = time.perf_counter()
        optimizer.zero_grad()
        loss = model.step_best(groups, n) if options.variant == "best" else research(ids, times, lengths)
        loss.backward()
        optimizer.step()
        if step >= options.warmup:
            seconds.append(time.perf_counter() - begin)
    parameters = sum(p.numel() for p in model.parameters())
    printed = {"variant": options.variant, "torch": torch_version(), "parameters": parameters}
    json.dump({**printed, "loss": loss.item(), "seconds": seconds}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
