"""A training step of DCN-V2 on rows in PyTorch on the CPU, as a peer for `seqrec bench step`.

Written from the published equations: a table of vectors a field, cross layers `x_{l+1} = x_0 * (W_l x_l + b_l) + x_l`
beside (or before) hidden layers with ReLU and dropout, one logit, cross-entropy, `lambda / 2 |E|^2` over the whole
tables, Adam. Variants: see `rows.py`.
"""

import torch

from rows import Cross, Hidden, column_of, look_up, run, table_of


class Dcn(torch.nn.Module):
    def __init__(self, request, _):
        super().__init__()
        c, fields = request["config"], request["fields"]
        self.fields = torch.nn.ModuleList(table_of(field, c["embeddingDim"], c["embeddingStd"]) for field in fields)
        width = c["embeddingDim"] * len(fields)
        self.cross = Cross(width, c["crossLayers"])
        sizes = [width, *c["hiddenSizes"]]
        self.hidden = Hidden(sizes, c["dropout"])
        self.stacked = c["structure"] == "stacked"
        self.head = torch.nn.Linear(sizes[-1] + (0 if self.stacked else width), 1)

    def tables(self):
        return [table.weight for table in self.fields]

    def inputs(self, batch):
        return [[column_of(column) for column in batch["columns"]]]

    def forward(self, columns):
        x0 = torch.cat([look_up(table, column) for table, column in zip(self.fields, columns)], 1)
        x = self.cross(x0)
        h = self.hidden(x if self.stacked else x0)
        return self.head(h if self.stacked else torch.cat([x, h], 1)).squeeze(1)


if __name__ == "__main__":
    run(Dcn)
