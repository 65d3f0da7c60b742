"""Reading and writing chosen elements, as methods."""

from __future__ import annotations

from minitorch_tensor import (
    combining,
    gathering,
    indexing,
    placing,
    positions,
    taking,
    writing,
)


class IndexingMethods:
    """Reading and writing chosen elements, as methods."""

    __slots__ = ()

    __getitem__ = indexing.getitem
    __setitem__ = writing.setitem

    gather = gathering.gather
    scatter_add = gathering.scatter_add
    index_select = gathering.index_select
    index_add = gathering.index_add
    masked_fill = gathering.masked_fill
    masked_select = gathering.masked_select
    nonzero = gathering.nonzero
    take_along_dim = gathering.take_along_dim

    index_add_ = placing.index_add_
    index_copy = placing.index_copy
    index_copy_ = placing.index_copy_
    index_fill = placing.index_fill
    index_fill_ = placing.index_fill_
    index_put_ = placing.index_put_
    masked_fill_ = placing.masked_fill_
    scatter = placing.scatter
    scatter_ = placing.scatter_
    scatter_add_ = placing.scatter_add_

    index_reduce = combining.index_reduce
    index_reduce_ = combining.index_reduce_
    scatter_reduce = combining.scatter_reduce
    scatter_reduce_ = combining.scatter_reduce_

    argwhere = positions.argwhere
    nonzero_static = positions.nonzero_static

    index_put = taking.index_put
    masked_scatter = taking.masked_scatter
    masked_scatter_ = taking.masked_scatter_
    put = taking.put
    put_ = taking.put_
    take = taking.take
