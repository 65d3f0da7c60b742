"""`x[0, 1:, None]`: a whole basic index as one layout.

The result of such an index is a view, whose layout takes a few integers to find. This is the short
way for an index of nothing but ints, slices, None and Ellipsis that fits; whatever else there may
be, and every error, is left to `indexing`.
"""

from __future__ import annotations

from minitorch_tensor.layout import Layout, make


def basic(layout: Layout, index: object) -> Layout | None:
    """The layout of the elements at `index`; None if this way does not lead there.

    >>> basic(Layout.contiguous((4, 6)), (-1, slice(1, None, 2)))
    Layout(shape=(3,), strides=(2,), offset=19)
    >>> basic(Layout.contiguous((4, 6)), 9) is None
    True
    """
    if type(index) is int:
        sizes = layout.shape
        if sizes and -sizes[0] <= index < sizes[0]:
            return layout.select(0, index if index >= 0 else index + sizes[0])
        return None
    items = index if type(index) is tuple else (index,)
    sizes, steps, offset = layout.shape, layout.strides, layout.offset
    shape: list[int] = []
    strides: list[int] = []
    dim, dots = 0, False
    for item in items:
        if type(item) is int:
            if dim >= len(sizes):
                return None
            size = sizes[dim]
            if item < 0:
                item += size
            if not 0 <= item < size:
                return None
            offset += item * steps[dim]
            dim += 1
        elif type(item) is slice:
            if dim >= len(sizes) or not _plain(item):
                return None
            start, stop, step = item.indices(sizes[dim])
            length = max(0, (stop - start + step - 1) // step)
            offset += start * steps[dim] if length else 0
            shape.append(length)
            strides.append(steps[dim] * step)
            dim += 1
        elif item is None:
            shape.append(1)
            strides.append(sizes[dim] * steps[dim] if dim < len(sizes) else 1)
        elif item is Ellipsis:
            if dots:
                return None
            dots = True
            used = sum(type(other) is int or type(other) is slice for other in items)
            end = len(sizes) - used + dim
            if end < dim:
                return None
            shape += sizes[dim:end]
            strides += steps[dim:end]
            dim = end
        else:
            return None
    shape += sizes[dim:]
    strides += steps[dim:]
    return make(tuple(shape), tuple(strides), offset)


def _plain(item: slice) -> bool:
    """Whether a slice is one of ints or None, forward; others may be tensors, or mistakes."""
    return (
        (item.start is None or type(item.start) is int)
        and (item.stop is None or type(item.stop) is int)
        and (item.step is None or (type(item.step) is int and item.step > 0))
    )
