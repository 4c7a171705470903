"""A training step of HSTU as a ranker in PyTorch on the CPU, as a peer for `seqrec bench step`.

Written from the published code's equations (meta-recsys/generative-recommenders, `modules/dlrm_hstu.py`, `stu.py`,
`preprocessors.py`), for features of the user, the item's id and ratings as actions. Variants: see `rows.py`.
  research  padded to the longest request of the batch all through, as the published PyTorch kernels do in attention
  best      maps and norms over packed tokens, which are padded for the attention alone
"""

import math

import torch
import torch.nn.functional as F

from rows import column_of, look_up, pad_places, run, table_of


class SwishMlp(torch.nn.Module):
    def __init__(self, inputs, hidden, outputs, normed=True):
        super().__init__()
        self.first = torch.nn.Linear(inputs, hidden)
        self.inner = torch.nn.LayerNorm(hidden)
        self.second = torch.nn.Linear(hidden, outputs)
        self.outer = torch.nn.LayerNorm(outputs) if normed else torch.nn.Identity()

    def forward(self, x):
        h = self.first(x)
        return self.outer(self.second(h * torch.sigmoid(self.inner(h))))


class Block(torch.nn.Module):
    def __init__(self, c, padded_length):
        super().__init__()
        d, self.heads, self.dqk, self.dv = c["embeddingDim"], c["numHeads"], c["dqk"], c["dv"]
        values, keys = self.heads * self.dv, self.heads * self.dqk
        self.sizes = [values, values, keys, keys]
        self.length = padded_length
        self.dropout = c["linearDropout"]
        self.input_norm = torch.nn.LayerNorm(d, eps=1e-6)
        self.uvqk = torch.nn.Linear(d, sum(self.sizes))
        self.output_norm = torch.nn.LayerNorm(values, eps=1e-6)
        self.out = torch.nn.Linear(3 * values, d, bias=False)

    def forward(self, x, shape):
        u, vqk = torch.split(self.uvqk(self.input_norm(x)), [self.sizes[0], sum(self.sizes[1:])], -1)
        places = shape["places"]
        v, q, k = torch.split(vqk if places is None else vqk[places], self.sizes[1:], -1)
        split = lambda y: y.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        weights = F.silu(split(q) @ split(k).transpose(2, 3) * (self.dqk**-0.5)) * shape["mask"]
        o = (weights @ split(v)).transpose(1, 2).flatten(2)
        if places is not None:
            o = o.flatten(0, 1)[shape["packed"]]
        u = F.silu(u)
        read = F.dropout(torch.cat([u, o, u * self.output_norm(o)], -1), self.dropout, self.training)
        return x + self.out(read)


class Ranker(torch.nn.Module):
    def __init__(self, request, research):
        super().__init__()
        c, fields = request["config"], request["fields"]
        d, table, hidden = c["embeddingDim"], c["tableDim"], c["preprocessorHidden"]
        self.padded = research
        self.scale = math.sqrt(d)
        self.dropout = c["inputDropout"]
        self.users = torch.nn.ModuleList(table_of(field, table, c["embeddingStd"]) for field in fields[1:])
        self.items = table_of(fields[0], table, c["embeddingStd"])
        self.context = torch.nn.ModuleList(torch.nn.Linear(table, d) for _ in self.users)
        self.content = SwishMlp(table, hidden, d)
        self.bounds = torch.tensor(c["actions"]["bounds"])
        actions, width = len(c["actions"]["bounds"]) + 1, c["actionDim"]
        self.actions = torch.nn.Parameter(torch.randn(actions, width) * 0.1)
        self.unknown = torch.nn.Parameter(torch.randn(1, actions * width) * 0.1)
        self.action_map = SwishMlp(actions * width, hidden, d)
        self.position_rows, self.age_rows = c["positionBuckets"], c["ageBuckets"]
        self.positions = torch.nn.Embedding(self.position_rows, d)
        self.ages = torch.nn.Embedding(self.age_rows + 1, d)
        self.length = len(self.users) + c["userHistory"]["maxEvents"] + 1
        self.blocks = torch.nn.ModuleList(Block(c, self.length) for _ in range(c["numBlocks"]))
        self.post = torch.nn.LayerNorm(d)
        self.tower = SwishMlp(table, c["towerHidden"], d)
        self.head = SwishMlp(d, c["headHidden"], 1, normed=False)
        self.least = c["minHistoryForContext"]

    def tables(self):
        return [table.weight for table in [*self.users, self.items]]

    def inputs(self, batch):
        r = batch["request"]
        index = lambda values: torch.tensor(values, dtype=torch.long)
        events, rows = index(r["eventOffsets"]), index(r["rowOffsets"])
        users, contextual = len(events) - 1, len(self.users)
        histories, candidates = events[1:] - events[:-1], rows[1:] - rows[:-1]
        lengths = contextual + histories + candidates
        offsets = F.pad(lengths.cumsum(0), (1, 0))
        order, positions, minutes = [], [], []
        times, asked = torch.tensor(r["times"], dtype=torch.float64), torch.tensor(r["requestTimes"], dtype=torch.float64)
        first_event, first_candidate = contextual * users, contextual * users + int(events[-1])
        for b in range(users):
            order += [b * contextual + i for i in range(contextual)]
            order += [first_event + e for e in range(events[b], events[b + 1])]
            order += [first_candidate + e for e in range(rows[b], rows[b + 1])]
            n = int(histories[b])
            positions += [*range(contextual), *range(contextual + n, contextual, -1), *[contextual] * int(candidates[b])]
            ages = (asked[b] - times[events[b] : events[b + 1]]).clamp(min=1e-6) / 60
            minutes += [math.inf] * contextual + ages.tolist() + [1e-6 / 60] * int(candidates[b])
        ages = torch.tensor(minutes).sqrt().clamp(max=self.age_rows).long()
        places, there = pad_places(offsets)
        packed = there.flatten().nonzero().squeeze(1)
        column = torch.arange(there.shape[1])
        history_end = (contextual + histories)[:, None]
        q, k = column[None, :, None], column[None, None, :]
        end = history_end[:, :, None]
        sees = ((k <= q) | ((q < contextual) & (k < end))) & ((k < end) | (k == q)) & there[:, None, :]
        judged = (column[None, :] >= history_end) & there
        ratings = torch.tensor(r["ratings"], dtype=torch.float32)
        done = F.one_hot(torch.bucketize(ratings, self.bounds, right=True), len(self.actions)).float()
        tokens = {
            "users": [column_of(column) for column in batch["columns"][1:]],
            "items": index(r["items"]),
            "context": (histories >= self.least).float()[:, None],
            "done": done,
            "count": int(rows[-1]),
        }
        order, positions = index(order), index(positions).clamp(max=self.position_rows - 1)
        if self.padded:
            order, positions, ages = order[places], positions[places], ages[places]
        shape = {
            "order": order,
            "positions": positions,
            "ages": ages,
            "places": None if self.padded else places,
            "packed": packed,
            "mask": (sees.float() / self.length)[:, None],
            "judged": judged.flatten().nonzero().squeeze(1) if self.padded else judged[there].nonzero().squeeze(1),
        }
        return [tokens, shape]

    def forward(self, tokens, shape):
        context = [
            map(look_up(table, column) * tokens["context"])
            for map, table, column in zip(self.context, self.users, tokens["users"])
        ]
        own = self.items(tokens["items"])
        done = (tokens["done"][:, :, None] * self.actions).flatten(1)
        actions = torch.cat([done, self.unknown.expand(tokens["count"], -1)])
        contents = self.content(own) + self.action_map(actions)
        every = torch.cat([torch.stack(context, 1).flatten(0, 1), contents])
        x = every[shape["order"]] * self.scale + self.positions(shape["positions"]) + self.ages(shape["ages"])
        x = F.dropout(x, self.dropout, self.training)
        for block in self.blocks:
            x = block(x, shape)
        users = self.post(x.flatten(0, -2)[shape["judged"]])
        return self.head(users * self.tower(own[-tokens["count"] :])).squeeze(1)


if __name__ == "__main__":
    run(Ranker)
