"""What the training steps of models of rows share: reading the request, tables of fields, hidden layers, the loop.

Denormals are flushed. Variants:
  research  shaped like public code: Adam tensor by tensor, the regulariser as a sum over the tables in the loss
  best      as good as eager PyTorch was made here: the regulariser as gradients written in place, Adam fused
  compile   the best variant under torch.compile
"""

import argparse
import json
import time

import torch
import torch.nn.functional as F

torch.set_flush_denormal(True)


def table_of(field, width, std):
    rows = field["rows"]
    table = torch.nn.EmbeddingBag(rows, width, mode="mean") if field["isList"] else torch.nn.Embedding(rows, width)
    torch.nn.init.normal_(table.weight, std=std)
    return table


def column_of(column):
    return {key: torch.tensor(value, dtype=torch.long) for key, value in column.items()}


def look_up(table, column):
    if isinstance(table, torch.nn.EmbeddingBag):
        return table(column["values"], column["offsets"])
    return table(column["values"])


class Hidden(torch.nn.Module):
    def __init__(self, sizes, dropout):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.dropout = dropout

    def forward(self, h):
        for layer in self.layers:
            h = F.dropout(F.relu(layer(h), inplace=True), self.dropout, self.training)
        return h


class Cross(torch.nn.Module):
    """`x_{l+1} = x_0 * (W_l x_l + b_l) + x_l`."""

    def __init__(self, width, layers):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(width, width) for _ in range(layers))

    def forward(self, x0):
        x = x0
        for layer in self.layers:
            x = torch.addcmul(x, x0, layer(x))
        return x


def pad_places(offsets, newest_first=False):
    """Row of a packed batch at each place of a padded one, `[B, N]`, and which places there are."""
    lengths = offsets[1:] - offsets[:-1]
    longest = int(lengths.max())
    place = torch.arange(longest)[None, :]
    there = place < lengths[:, None]
    rows = offsets[1:, None] - 1 - place if newest_first else offsets[:-1, None] + place
    return torch.where(there, rows, torch.zeros_like(rows)), there


def run(model_of):
    """Reads the request, times the steps, prints them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("--variant", choices=["research", "best", "compile"], required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--warmup", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    with open(args.input) as file:
        request = json.load(file)
    c, batch = request["config"], request["batch"]
    research = args.variant == "research"
    model = model_of(request, research)
    tables = model.tables()
    inputs = model.inputs(batch)
    labels = torch.tensor(batch["labels"], dtype=torch.float32)
    optimiser = torch.optim.Adam(
        model.parameters(),
        lr=c["learningRate"],
        betas=(c["beta1"], c["beta2"]),
        **({"foreach": False} if research else {"fused": True}),
    )
    forward = torch.compile(model) if args.variant == "compile" else model
    l2 = c["embeddingL2"]

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = F.binary_cross_entropy_with_logits(forward(*inputs), labels)
        if research and l2 > 0:
            loss = loss + l2 / 2 * sum((table * table).sum() for table in tables)
        loss.backward()
        if not research and l2 > 0:
            with torch.no_grad():
                for table in tables:
                    table.grad.add_(table, alpha=l2)
        optimiser.step()
        return loss.item()

    seconds, losses = [], []
    for i in range(args.warmup + args.steps):
        begin = time.perf_counter()
        losses.append(step())
        if i >= args.warmup:
            seconds.append(time.perf_counter() - begin)
    version = f"{torch.__version__}, {torch.__config__.parallel_info().count('MKL') and 'MKL' or 'OpenBLAS'}"
    parameters = sum(weight.numel() for weight in model.parameters())
    print(json.dumps({"seconds": seconds, "torch": version, "losses": losses, "parameters": parameters}))
