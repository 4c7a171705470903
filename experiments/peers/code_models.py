"""Training steps and decoding of models that write items as codes, in PyTorch: what `seqrec bench` compares with.

Two models: `transformer`, a causal pre-norm stack over the codes of histories, and `t5`, an encoder and a decoder with
relative position buckets. Batches are padded; attention is `scaled_dot_product_attention`; denormals are flushed.

Variants of a step:
  research  AdamW tensor by tensor
  best      AdamW fused
  compile   the best variant under torch.compile
Decoding (`--beams`): the encoder once a history; self-attention keys of each beam kept and gathered when beams are
reordered; keys and values of the history kept once, queries of all its beams side by side; the trie as masks on the device.
With the variant `transformers`, `T5ForConditionalGeneration.generate` of the library with its own cache in place of that,
the trie as `prefix_allowed_tokens_fn`: what most public implementations of TIGER do. With the mask `before`, probability is
shared among the codes of the trie.
"""

import argparse
import json
import math
import time

import torch
import torch.nn.functional as F

torch.set_flush_denormal(True)


class Attention(torch.nn.Module):
    def __init__(self, width, inner, heads, bias):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (torch.nn.Linear(width, inner, bias=bias) for _ in range(3))
        self.o = torch.nn.Linear(inner, width, bias=bias)

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def keys(self, x):
        return self.split(self.k(x)), self.split(self.v(x))

    def forward(self, x, keys, dropout, **options):
        y = F.scaled_dot_product_attention(self.split(self.q(x)), *keys, dropout_p=dropout, **options)
        return self.o(y.transpose(1, 2).flatten(2))


class CausalBlock(torch.nn.Module):
    def __init__(self, width, heads, hidden, dropout):
        super().__init__()
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.attention = Attention(width, width, heads, True)
        self.up, self.down = torch.nn.Linear(width, hidden), torch.nn.Linear(hidden, width)
        self.rate = dropout

    def forward(self, x):
        rate = self.rate if self.training else 0.0
        h = self.norm1(x)
        x = x + F.dropout(self.attention(h, self.attention.keys(h), rate, is_causal=True), rate, self.training)
        h = self.down(F.relu(self.up(self.norm2(x)), inplace=True))
        return x + F.dropout(h, rate, self.training)


class Causal(torch.nn.Module):
    """Every code of every item after the first, at once."""

    def __init__(self, config, sizes):
        super().__init__()
        width = config["embeddingDim"]
        self.firsts = [1 + sum(sizes[:level]) for level in range(len(sizes))]
        self.sizes, self.temperature, self.rate = sizes, config["temperature"], config["inputDropout"]
        self.table = torch.nn.Embedding(1 + sum(sizes), width)
        self.places = torch.nn.Embedding(config["maxSequenceLength"] + config["outputLength"], width)
        hidden = config.get("ffnDim") or 4 * width
        self.blocks = torch.nn.ModuleList(
            CausalBlock(width, config["numHeads"], hidden, config["blockDropout"]) for _ in range(config["numBlocks"])
        )
        self.norm = torch.nn.LayerNorm(width)

    def loss(self, batch):
        codes = batch["codes"]
        x = self.table(codes) * self.table.weight.shape[1] ** 0.5 + self.places.weight[: codes.shape[1]]
        x = F.dropout(x, self.rate, self.training)
        for block in self.blocks:
            x = block(x)
        z = F.normalize(self.norm(x).flatten(0, 1), dim=1) / self.temperature
        table = F.normalize(self.table.weight, dim=1)
        total = 0.0
        for level, size in enumerate(self.sizes):
            rows = table[self.firsts[level] : self.firsts[level] + size]
            total = total + F.cross_entropy(z[batch["tokens"][level]] @ rows.T, batch["labels"][level], reduction="sum")
        return total / batch["weight"]


class Rms(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.rms_norm(x, (x.shape[-1],), self.weight, 1e-6)


def buckets(distance, both, count, most):
    """Of T5: half of the buckets for exact distances, the others by their logarithm."""
    out = torch.zeros_like(distance)
    if both:
        count //= 2
        out += (distance > 0) * count
        distance = distance.abs()
    else:
        distance = -distance.clamp(max=0)
    exact = count // 2
    far = exact + (torch.log(distance.clamp(min=1) / exact) / math.log(most / exact) * (count - exact)).long()
    return out + torch.where(distance < exact, distance, far.clamp(max=count - 1))


class T5Block(torch.nn.Module):
    def __init__(self, config, cross):
        super().__init__()
        width, inner = config["embeddingDim"], config["numHeads"] * config["headDim"]
        self.rate, self.gated = config["dropout"], config["feedForward"] == "gated-gelu"
        self.norm1, self.attention = Rms(width), Attention(width, inner, config["numHeads"], False)
        if cross:
            self.norm2, self.cross = Rms(width), Attention(width, inner, config["numHeads"], False)
        self.norm3 = Rms(width)
        self.up = torch.nn.Linear(width, config["ffnDim"], bias=False)
        if self.gated:
            self.gate = torch.nn.Linear(width, config["ffnDim"], bias=False)
        self.down = torch.nn.Linear(config["ffnDim"], width, bias=False)

    def forward(self, x, bias, keys=None, memory=None, there=None):
        """`keys`: those of the block's own tokens where they are kept; `memory`: keys and values of the history."""
        rate = self.rate if self.training else 0.0
        h = self.norm1(x)
        own = self.attention.keys(h) if keys is None else keys(self.attention.keys(h))
        x = x + F.dropout(self.attention(h, own, rate, attn_mask=bias, scale=1.0), rate, self.training)
        if memory is not None:
            h = self.cross(self.norm2(x), memory, rate, attn_mask=there, scale=1.0)
            x = x + F.dropout(h, rate, self.training)
        h = self.norm3(x)
        h = F.gelu(self.up(h), approximate="tanh") * self.gate(h) if self.gated else F.relu(self.up(h), inplace=True)
        return x + F.dropout(self.down(F.dropout(h, rate, self.training)), rate, self.training)


class T5(torch.nn.Module):
    """The encoder and decoder of TIGER, tied head."""

    def __init__(self, config, sizes):
        super().__init__()
        self.width, self.rate = config["embeddingDim"], config["dropout"]
        self.count, self.most = config["relativeBuckets"], config["maxDistance"]
        self.firsts = [1 + sum(sizes[:level]) for level in range(len(sizes))]
        self.sizes = sizes
        self.table = torch.nn.Embedding(1 + sum(sizes), self.width)
        self.reads = torch.nn.ModuleList(T5Block(config, False) for _ in range(config["encoderBlocks"]))
        self.writes = torch.nn.ModuleList(T5Block(config, True) for _ in range(config["decoderBlocks"]))
        self.near, self.past = (torch.nn.Embedding(self.count, config["numHeads"]) for _ in range(2))
        self.end1, self.end2 = Rms(self.width), Rms(self.width)

    def bias(self, table, queries, keys, both):
        distance = torch.arange(keys)[None, :] - torch.arange(keys - queries, keys)[:, None]
        own = table(buckets(distance, both, self.count, self.most)).permute(2, 0, 1)
        return own if both else own.masked_fill(distance > 0, float("-inf"))

    def drop(self, x):
        return F.dropout(x, self.rate, self.training)

    def encode(self, codes):
        there = torch.zeros(codes.shape).masked_fill(codes == 0, -1e30)[:, None, None, :]
        bias = self.bias(self.near, codes.shape[1], codes.shape[1], True)[None] + there
        x = self.drop(self.table(codes))
        for block in self.reads:
            x = block(x, bias)
        return self.drop(self.end1(x)), there

    def logits(self, x, level):
        rows = self.table.weight[self.firsts[level] : self.firsts[level] + self.sizes[level]]
        return (self.end2(x) if not self.training else self.drop(self.end2(x))) @ rows.T * self.width**-0.5

    def loss(self, batch):
        memory, there = self.encode(batch["codes"])
        x = self.drop(self.table(batch["written"]))
        bias = self.bias(self.past, x.shape[1], x.shape[1], False)[None]
        for block in self.writes:
            x = block(x, bias, memory=block.cross.keys(memory), there=there)
        total = 0.0
        for level in range(len(self.sizes)):
            total = total + F.cross_entropy(self.logits(x[:, level], level), batch["labels"][level], reduction="sum")
        return total / batch["weight"]

    @torch.inference_mode()
    def beams(self, codes, trie, width, mask):
        """Scores and rows of the `width` best items of each history."""
        users = codes.shape[0]
        memory, there = self.encode(codes)
        crossed = [block.cross.keys(memory) for block in self.writes]
        kept = [None] * len(self.writes)
        node = torch.zeros(users, 1, dtype=torch.long)
        score = torch.zeros(users, 1)
        token = torch.zeros(users, 1, dtype=torch.long)
        for level, size in enumerate(self.sizes):
            beams = node.shape[1]
            x = self.table(token).view(users * beams, 1, -1)
            bias = self.bias(self.past, 1, level + 1, False)[None]
            for i, block in enumerate(self.writes):

                def keys(fresh, i=i):
                    kept[i] = fresh if kept[i] is None else tuple(torch.cat(pair, 2) for pair in zip(kept[i], fresh))
                    return kept[i]

                h = block.norm1(x)
                x = x + block.attention(h, keys(block.attention.keys(h)), 0.0, attn_mask=bias, scale=1.0)
                # Queries of the beams of a history side by side: its keys are there once.
                h = block.norm2(x).view(users, beams, -1)
                x = x + block.cross(h, crossed[i], 0.0, attn_mask=there, scale=1.0).reshape(users * beams, 1, -1)
                h = block.norm3(x)
                h = F.gelu(block.up(h), approximate="tanh") * block.gate(h) if block.gated else F.relu(block.up(h))
                x = x + block.down(h)
            logits = self.logits(x, level).view(users, beams, size)
            child = trie[level][node]
            if mask == "before":
                logits = logits.masked_fill(child < 0, float("-inf"))
            log = F.log_softmax(logits, -1)
            all_scores = (score[:, :, None] + log).masked_fill(child < 0, float("-inf")).flatten(1)
            score, best = all_scores.topk(min(width, all_scores.shape[1]), 1)
            parent, code = best // size, best % size
            node = child.flatten(1).gather(1, best).clamp(min=0)
            token = self.firsts[level] + code
            rows = (torch.arange(users)[:, None] * beams + parent).flatten()
            kept = [tuple(part[rows] for part in pair) for pair in kept]
        return score, node


class Library:
    """T5 of the library `transformers`, of the same sizes."""

    def __init__(self, config, sizes, trie):
        from transformers import T5Config, T5ForConditionalGeneration, __version__

        self.version = __version__
        self.levels, self.allowed = len(sizes), allowed_tokens(sizes, trie)
        self.model = T5ForConditionalGeneration(
            T5Config(
                vocab_size=1 + sum(sizes),
                d_model=config["embeddingDim"],
                d_kv=config["headDim"],
                d_ff=config["ffnDim"],
                num_layers=config["encoderBlocks"],
                num_decoder_layers=config["decoderBlocks"],
                num_heads=config["numHeads"],
                relative_attention_num_buckets=config["relativeBuckets"],
                relative_attention_max_distance=config["maxDistance"],
                feed_forward_proj=config["feedForward"],
                pad_token_id=0,
                eos_token_id=None,
                decoder_start_token_id=0,
            )
        ).eval()

    def parameters(self):
        return self.model.parameters()

    def beams(self, codes, width, mask):
        return self.model.generate(
            input_ids=codes,
            attention_mask=(codes != 0).long(),
            num_beams=width,
            num_return_sequences=width,
            max_new_tokens=self.levels,
            do_sample=False,
            renormalize_logits=mask == "before",
            # The first written token is the start.
            prefix_allowed_tokens_fn=lambda _, written: self.allowed[tuple(written[1:].tolist())],
        )


def allowed_tokens(sizes, trie):
    """Of each beginning of the codes of an item, as tokens, those that may follow."""
    nodes, allowed = {(): 0}, {}
    for level, size in enumerate(sizes):
        first = 1 + sum(sizes[:level])
        children = {
            prefix: {first + code: node for code, node in enumerate(trie[level][own * size : (own + 1) * size]) if node >= 0}
            for prefix, own in nodes.items()
        }
        allowed.update({prefix: list(own) for prefix, own in children.items()})
        nodes = {(*prefix, token): node for prefix, own in children.items() for token, node in own.items()}
    # Beams that have all their codes are asked once more by some versions.
    allowed.update({prefix: [0] for prefix in nodes})
    return allowed


def padded(rows, length=None):
    longest = length or max(len(row) for row in rows)
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows])


def causal_batch(batch, sizes):
    """Codes of whole sequences, and the padded place before each code that is learned."""
    codes = padded(batch["codes"])
    firsts = [1 + sum(sizes[:level]) for level in range(len(sizes))]
    places, start = [], 0
    for row in batch["codes"]:
        places.append((start, len(row)))
        start += len(row)
    packed = torch.cat([torch.arange(length) + b * codes.shape[1] for b, (_, length) in enumerate(places)])
    return {
        "codes": codes,
        "tokens": [packed[torch.tensor(tokens)] for tokens in batch["tokens"]],
        "labels": [torch.tensor(rows) - first for rows, first in zip(batch["rows"], firsts)],
        "weight": batch["weight"],
    }


def t5_batch(batch, sizes):
    firsts = [1 + sum(sizes[:level]) for level in range(len(sizes))]
    return {
        "codes": padded(batch["codes"]),
        "written": torch.tensor(batch["written"]),
        "labels": [torch.tensor(rows) - first for rows, first in zip(batch["rows"], firsts)],
        "weight": batch["weight"],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("--variant", choices=["research", "best", "compile", "transformers"], default="best")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--beams", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    with open(options.input) as file:
        request = json.load(file)
    sizes, config = request["sizes"], request["config"]
    library = options.variant == "transformers"
    if library:
        model = Library(config, sizes, request["trie"])
    else:
        model = T5(config, sizes) if config["kind"] == "t5" else Causal(config, sizes)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.02)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    seconds = []
    if options.beams > 0:
        if not library:
            model.eval()
            trie = [torch.tensor(children).view(-1, size) for children, size in zip(request["trie"], sizes)]
        histories = request["histories"]
        size = request["batchSize"]
        for step in range(options.warmup + options.steps):
            begin = time.perf_counter()
            for first in range(0, len(histories), size):
                codes = padded(histories[first : first + size])
                if library:
                    model.beams(codes, options.beams, request["mask"])
                else:
                    model.beams(codes, trie, options.beams, request["mask"])
            if step >= options.warmup:
                seconds.append(time.perf_counter() - begin)
    else:
        batch = (t5_batch if config["kind"] == "t5" else causal_batch)(request["batch"], sizes)
        fused = options.variant != "research"
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=fused, foreach=None if fused else False)
        loss_of = torch.compile(model.loss) if options.variant == "compile" else model.loss
        for step in range(options.warmup + options.steps):
            begin = time.perf_counter()
            optimizer.zero_grad()
            loss_of(batch).backward()
            optimizer.step()
            if step >= options.warmup:
                seconds.append(time.perf_counter() - begin)
    version = f"{torch.__version__}, transformers {model.version}" if library else torch.__version__
    print(json.dumps({"seconds": seconds, "torch": version, "parameters": parameters}))


if __name__ == "__main__":
    main()
