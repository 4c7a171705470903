"""A training step of TransAct under DCN-V2 in PyTorch on the CPU, as a peer for `seqrec bench step`.

Written from the published equations (arXiv:2306.00248): vectors of the events of a history, newest first, with the item
that is judged beside each, `torch.nn.TransformerEncoder` layers with the norms last, the newest K outputs and a linear
map of their maximum beside the vectors of the fields, cross layers and hidden layers. Variants: see `rows.py`.
  research  padded to the longest history of the batch all through, masked attention, as public code has it
  best      maps, norms and hidden layers over packed rows, which are padded for the attention alone
"""

import torch
import torch.nn.functional as F

from rows import Cross, Hidden, column_of, look_up, pad_places, run, table_of


class Layer(torch.nn.Module):
    def __init__(self, width, heads, hidden, dropout):
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.qkv = torch.nn.Linear(width, 3 * width)
        self.out = torch.nn.Linear(width, width)
        self.first = torch.nn.Linear(width, hidden)
        self.second = torch.nn.Linear(hidden, width)
        self.norm1 = torch.nn.LayerNorm(width)
        self.norm2 = torch.nn.LayerNorm(width)

    def attend(self, qkv, mask):
        batch, places, width = qkv.shape
        q, k, v = qkv.view(batch, places, 3, self.heads, width // 3 // self.heads).permute(2, 0, 3, 1, 4)
        return F.scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).reshape(batch, places, width // 3)

    def forward(self, x, rows, mask, packed):
        qkv = self.qkv(x)
        if packed is None:
            attended = self.attend(qkv, mask)
        else:
            attended = self.attend(qkv[rows], mask).flatten(0, 1)[packed]
        drop = lambda y: F.dropout(y, self.dropout, self.training)
        s = self.norm1(x + drop(self.out(attended)))
        return self.norm2(s + drop(self.second(drop(F.relu(self.first(s))))))


class Transact(torch.nn.Module):
    def __init__(self, request, research):
        super().__init__()
        c, fields, history = request["config"], request["fields"], request["history"]
        d = c["embeddingDim"]
        self.padded = research
        self.of_items = history["items"]
        self.fields = torch.nn.ModuleList(table_of(field, d, c["embeddingStd"]) for field in fields)
        self.own = torch.nn.ModuleList(table_of(field, d, c["embeddingStd"]) for field in history["own"])
        width = d * (2 * len(self.of_items) + len(self.own))
        self.layers = torch.nn.ModuleList(
            Layer(width, c["numHeads"], c["feedForwardDim"], c["attentionDropout"]) for _ in range(c["numBlocks"])
        )
        self.scale = c["historyScale"]
        self.latest = c["latest"]
        self.pooled = torch.nn.Linear(width, width) if c["maxPool"] else None
        total = d * len(fields) + width * (self.latest + (self.pooled is not None))
        self.cross = Cross(total, c["crossLayers"])
        sizes = [total, *c["hiddenSizes"]]
        self.hidden = Hidden(sizes, c["dropout"])
        self.head = torch.nn.Linear(total + sizes[-1], 1)

    def tables(self):
        return [table.weight for table in [*self.fields, *self.own]]

    def inputs(self, batch):
        h = batch["history"]
        index = lambda values: torch.tensor(values, dtype=torch.long)
        offsets = index(h["offsets"])
        rows, there = pad_places(offsets, newest_first=True)
        # Rows of the padded batch at which packed rows stand, newest first.
        packed = there.flatten().nonzero().squeeze(1)
        places = torch.zeros(rows.shape, dtype=torch.long)
        places[there] = torch.arange(len(packed))
        of = torch.arange(len(offsets) - 1)[:, None].expand_as(rows)
        seen = rows if self.padded else rows[there]
        history = {
            "items": [column_of(column) for column in h["items"]],
            "own": [{"values": index(column["values"])[seen]} for column in h["own"]],
            "of_items": index(h["tokenItems"])[seen],
            "candidates": index(h["exampleItems"]),
            "of": of if self.padded else of[there],
        }
        shape = {"places": places, "packed": packed, "there": there, "mask": there[:, None, None, :]}
        return [[column_of(column) for column in batch["columns"]], history, shape]

    def forward(self, columns, history, shape):
        there = shape["there"]
        each = torch.cat([look_up(self.fields[i], column) for i, column in zip(self.of_items, history["items"])], 1)
        own = [look_up(table, column) for table, column in zip(self.own, history["own"])]
        item = each[history["candidates"]]
        x = torch.cat([each[history["of_items"]], *own, item[history["of"]]], -1)
        for layer in self.layers:
            x = layer(x, shape["places"], shape["mask"], None if self.padded else shape["packed"])
        if not self.padded:
            x = x[shape["places"]]
        newest = (x[:, : self.latest] * there[:, : self.latest, None]).flatten(1)
        parts = [look_up(table, column) for table, column in zip(self.fields, columns)]
        newest = newest * self.scale
        if self.pooled is not None:
            parts.append(self.pooled(x.masked_fill(~there[:, :, None], -1e30).amax(1)) * self.scale)
        missing = self.cross.layers[0].in_features - sum(part.shape[1] for part in [*parts, newest])
        x0 = torch.cat([*parts, F.pad(newest, (0, missing))], 1)
        return self.head(torch.cat([self.cross(x0), self.hidden(x0)], 1)).squeeze(1)


if __name__ == "__main__":
    run(Transact)
