"""The loops of embedding: rows of a table, and the sums that go back to them."""

from __future__ import annotations

from minitorch_fast.loops import Floats, Ints, separate


@separate
def picked_rows(
    y: Floats, table: Floats, index: Ints, rows: int, n: int, skipped: int, first: int, last: int
) -> int:
    """y[i] = table[index[i]], or 0 for the index to skip; how many indices are no row."""
    bad = 0
    for i in range(first, last):
        k = index[i]
        if k < 0 or k >= rows:
            bad += 1
        elif k == skipped:
            for c in range(n):
                y[i * n + c] = 0.0
        else:
            for c in range(n):
                y[i * n + c] = table[k * n + c]
    return bad


@separate
def added_rows(
    table: Floats, g: Floats, index: Ints, rows: int, n: int, skipped: int, count: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """table[index[i]] += g[i] from zeros, in the columns from `first` to `last`.

    Threads share out the columns, so the additions have one order.
    """
    for r in range(rows):
        for c in range(first, last):
            table[r * n + c] = 0.0
    for i in range(count):
        k = index[i]
        if k != skipped:
            for c in range(first, last):
                table[k * n + c] += g[i * n + c]
