"""The rows of the table, by group; one file a kind of work."""

from . import layers, pointwise, products, reductions, small, training

GROUPS = [
    *small.GROUPS, *pointwise.GROUPS, *reductions.GROUPS, *products.GROUPS, *layers.GROUPS,
    *training.GROUPS,
]  # fmt: skip
