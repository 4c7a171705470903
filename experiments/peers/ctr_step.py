"""A training step of DCN-V2 on rows in PyTorch on the CPU, as a peer for `seqrec bench step`.

Written from the published equations: a table of vectors a field, cross layers `x_{l+1} = x_0 * (W_l x_l + b_l) + x_l`
beside (or before) hidden layers with ReLU and dropout, one logit, cross-entropy, `lambda / 2 |E|^2` over the whole
tables, Adam. Three variants:
  research  shaped like public code: Adam tensor by tensor, the regulariser as a sum over the tables in the loss
  best      as good as eager PyTorch was made here: the regulariser as gradients written in place, Adam fused
  compile   the best variant under torch.compile

Reads a JSON file with sizes and a batch (ids of each field, lists with offsets, labels), prints one JSON line with the
seconds of every timed step. Denormals are flushed.
"""

import argparse
import json
import time

import torch
import torch.nn.functional as F

torch.set_flush_denormal(True)


class Dcn(torch.nn.Module):
    def __init__(self, c, fields):
        super().__init__()
        d = c["embeddingDim"]
        self.lists = [field["isList"] for field in fields]
        self.tables = torch.nn.ModuleList(
            torch.nn.EmbeddingBag(f["rows"], d, mode="mean") if f["isList"] else torch.nn.Embedding(f["rows"], d)
            for f in fields
        )
        width = d * len(fields)
        self.cross = torch.nn.ModuleList(torch.nn.Linear(width, width) for _ in range(c["crossLayers"]))
        sizes = [width, *c["hiddenSizes"]]
        self.hidden = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.stacked = c["structure"] == "stacked"
        self.dropout = c["dropout"]
        self.head = torch.nn.Linear(sizes[-1] + (0 if self.stacked else width), 1)
        for table in self.tables:
            torch.nn.init.normal_(table.weight, std=c["embeddingStd"])

    def forward(self, columns):
        x0 = torch.cat(
            [
                table(column["values"], column["offsets"]) if is_list else table(column["values"])
                for table, is_list, column in zip(self.tables, self.lists, columns)
            ],
            1,
        )
        x = x0
        for layer in self.cross:
            x = torch.addcmul(x, x0, layer(x))
        h = x if self.stacked else x0
        for layer in self.hidden:
            h = F.dropout(F.relu(layer(h), inplace=True), self.dropout, self.training)
        return self.head(h if self.stacked else torch.cat([x, h], 1)).squeeze(1)


def main():
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
    model = Dcn(c, request["fields"])
    tables = [table.weight for table in model.tables]
    columns = [
        {key: torch.tensor(value, dtype=torch.long) for key, value in column.items()} for column in batch["columns"]
    ]
    labels = torch.tensor(batch["labels"], dtype=torch.float32)
    research = args.variant == "research"
    optimiser = torch.optim.Adam(
        model.parameters(), lr=c["learningRate"], betas=(c["beta1"], c["beta2"]), **({"foreach": False} if research else {"fused": True})
    )
    forward = torch.compile(model) if args.variant == "compile" else model

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = F.binary_cross_entropy_with_logits(forward(columns), labels)
        if research:
            loss = loss + c["embeddingL2"] / 2 * sum((table * table).sum() for table in tables)
        loss.backward()
        if not research and c["embeddingL2"] > 0:
            with torch.no_grad():
                for table in tables:
                    table.grad.add_(table, alpha=c["embeddingL2"])
        optimiser.step()
        return loss.item()

    seconds = []
    for i in range(args.warmup + args.steps):
        begin = time.perf_counter()
        step()
        if i >= args.warmup:
            seconds.append(time.perf_counter() - begin)
    version = f"{torch.__version__}, {torch.__config__.parallel_info().count('MKL') and 'MKL' or 'OpenBLAS'}"
    print(json.dumps({"seconds": seconds, "torch": version}))


if __name__ == "__main__":
    main()
