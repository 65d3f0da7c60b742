"""Views and rearrangements as methods."""

from __future__ import annotations

from minitorch_tensor import (
    diagonals,
    joining,
    views,
)


class ShapeMethods:
    """Views and rearrangements as methods."""

    __slots__ = ()

    view = views.view
    view_as = views.view_as
    reshape = views.reshape
    flatten = views.flatten
    unflatten = views.unflatten
    expand = views.expand
    expand_as = views.expand_as
    broadcast_to = views.broadcast_to
    permute = views.permute
    transpose = views.transpose
    t = views.t
    movedim = views.movedim
    squeeze = views.squeeze
    unsqueeze = views.unsqueeze
    select = views.select
    narrow = views.narrow
    unbind = views.unbind
    split = views.split
    chunk = views.chunk
    contiguous = views.contiguous
    clone = views.clone
    as_strided = views.as_strided
    sum_to = views.sum_to

    diagonal = diagonals.diagonal
    diag = diagonals.diag
    trace = diagonals.trace

    cat_with = joining.cat_with
    flip = joining.flip
    repeat = joining.repeat
    roll = joining.roll
    tril = joining.tril
    triu = joining.triu
