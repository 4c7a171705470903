# Writes pandas.csv, pandas.parquet and plain.csv beside this file: the same events as pandas writes them by default
# (index, categories, missing integers, times of a zone in nanoseconds) and as plain text. Made with pandas 3.1.1 and
# pyarrow 26.0.1.
import os

import numpy as np
import pandas as pd

folder = os.path.dirname(os.path.abspath(__file__))
n = 40
draw = np.random.default_rng(5)


def sometimes(every, values):
    return [None if i % every == 0 else value for i, value in enumerate(values)]


times = pd.to_datetime(1300000000 + draw.permutation(n) * 37, unit="s", utc=True).tz_convert("Europe/Amsterdam")
events = pd.DataFrame(
    {
        "user": pd.Categorical([f"u{u}" for u in draw.integers(1, 7, n)]),
        "item": pd.array(draw.integers(1, 10, n), dtype="Int64"),
        "at": times.as_unit("ns") + pd.to_timedelta(draw.integers(0, 1000, n), unit="ms"),
        "price": pd.array(sometimes(7, draw.integers(1, 60, n) / 8), dtype="Float64"),
        "clicks": pd.array(sometimes(5, [int(c) for c in draw.integers(0, 100, n)]), dtype="Int64"),
        "genre": pd.Categorical(sometimes(11, draw.choice(["drama", "sci-fi, western", "comédie"], n))),
        "bought": pd.array([bool(b) for b in draw.integers(0, 2, n)], dtype="boolean"),
    }
)
events.to_csv(f"{folder}/pandas.csv")
events.to_parquet(f"{folder}/pandas.parquet")
plain = events.assign(at=[f"{t.timestamp():.3f}" for t in events["at"]], bought=events["bought"].astype(int))
plain.to_csv(f"{folder}/plain.csv", index=False)
