"""More views, pieces and copies as methods; and those that change a shape in place."""

from __future__ import annotations

from minitorch_tensor import (
    arranging,
    repeating,
    reshaping_inplace,
    splitting,
    triangles,
    unfolding,
    view_copies,
    view_scatters,
)


class ArrangingMethods:
    """More views, pieces and copies as methods; and those that change a shape in place."""

    __slots__ = ()

    adjoint = arranging.adjoint
    moveaxis = arranging.moveaxis
    ravel = arranging.ravel
    reshape_as = arranging.reshape_as
    swapaxes = arranging.swapaxes
    swapdims = arranging.swapdims

    dsplit = splitting.dsplit
    hsplit = splitting.hsplit
    split_with_sizes = splitting.split_with_sizes
    tensor_split = splitting.tensor_split
    vsplit = splitting.vsplit

    unfold = unfolding.unfold
    narrow_copy = view_copies.narrow_copy

    repeat_interleave = repeating.repeat_interleave
    sum_to_size = repeating.sum_to_size
    tile = repeating.tile

    as_strided_scatter = view_scatters.as_strided_scatter
    diagonal_scatter = view_scatters.diagonal_scatter
    select_scatter = view_scatters.select_scatter
    slice_scatter = view_scatters.slice_scatter

    diag_embed = triangles.diag_embed
    diagflat = triangles.diagflat
    fill_diagonal_ = triangles.fill_diagonal_
    fliplr = triangles.fliplr
    flipud = triangles.flipud
    rot90 = triangles.rot90
    tril_ = triangles.tril_
    triu_ = triangles.triu_

    as_strided_ = reshaping_inplace.as_strided_
    squeeze_ = reshaping_inplace.squeeze_
    swapaxes_ = reshaping_inplace.swapaxes_
    swapdims_ = reshaping_inplace.swapdims_
    t_ = reshaping_inplace.t_
    transpose_ = reshaping_inplace.transpose_
    unsqueeze_ = reshaping_inplace.unsqueeze_
