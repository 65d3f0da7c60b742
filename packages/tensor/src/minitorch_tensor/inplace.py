"""Writing into memory: the tensor, and all its views, get the history of the result.

Every write counts up the version of the storage; a value that a node saved remembers the version,
and a
backward that would read what is gone raises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import minitorch_operators as op
from minitorch_autodiff import DelayedError, LinearNode, Node, is_grad_enabled
from minitorch_operators import Binary, Ternary, Unary
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import pointwise, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.data import operand
from minitorch_tensor.layout import Layout, broadcast_for

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def check(name: str, x: Tensor) -> None:
    """Raise unless x may be written in place now."""
    if is_grad_enabled():
        base = x.base
        if base is not None and isinstance(base.node, _Fixed):
            raise RuntimeError(f"{name}: {base.node.message}")
        if x.requires_grad and x.is_leaf:
            raise RuntimeError(
                f"{name}: a leaf Variable that requires grad is being used in an in-place "
                "operation; do it under no_grad(), or on a clone()"
            )
        if base is not None and base.requires_grad:
            if base.is_leaf:
                raise RuntimeError(
                    f"{name}: a view of a leaf Variable that requires grad is being used in an "
                    "in-place operation; do it under no_grad(), or on a clone()"
                )
            if not x.requires_grad:
                raise RuntimeError(
                    f"{name}: a view was created in no_grad mode and is being modified inplace "
                    "with grad mode enabled; make the view and write into it in one mode, or "
                    "write into a clone()"
                )
    if x.layout.repeats():
        raise RuntimeError(
            f"{name}: more than one element of the written-to tensor refers to a single memory "
            f"location (shape {x.shape}, strides {x.layout.strides}); clone() it first"
        )


class _Fixed(DelayedError["Tensor"]):
    """In place of the history of a base: its view came from a custom Function, and has its own."""

    __slots__ = ()


def fixed_view(x: Tensor, node: str) -> Tensor:
    """A view of x, which a custom Function did not make itself; writes into it are forbidden."""
    base = x.detach()
    base.node = _Fixed(
        "Fixed",
        f"the output of {node} is a view and is being modified inplace, or what it is a view of. "
        "It was created inside a custom Function (or is an input that was returned as it is), so "
        "the write would override the custom backward; clone() the output of the Function first",
        (),
    )
    return views.viewed(base, x.layout, "ViewBackward0", lambda g: g)


def _refuse_fixed(name: str, x: Tensor) -> None:
    """Raise if a view of the memory of x may not be written."""
    for reference in x.storage.views or ():
        view = reference()
        if view is not None and view.base is not None and isinstance(view.base.node, _Fixed):
            raise RuntimeError(f"{name}: {view.base.node.message}")


def _castable(name: str, dtype: dtypes.DType, x: Tensor) -> None:
    """A result must not lose its kind: float into int, int into bool."""
    order = ("bool", "int", "float")
    if order.index(dtype.kind) > order.index(x.dtype.kind):
        raise RuntimeError(
            f"{name}: result type {dtype} can't be cast to the desired output type {x.dtype}; "
            "use the out-of-place operation"
        )


def _disjoint(x: Tensor, other: Tensor) -> Tensor:
    """`other`, copied if it shares some but not exactly the same memory with x."""
    if other.storage.buffer is x.storage.buffer:
        shared = other.layout != x.layout
    else:  # they may see one memory as two dtypes
        shared = other.storage.root().buffer is x.storage.root().buffer
    if not shared:
        return other
    return views.clone(other.detach())


def write(name: str, x: Tensor, compute: Callable[[Tensor], Tensor], *others: Tensor) -> Tensor:
    """x = compute(x), where the result is cast to the dtype of x and must have its shape."""
    check(name, x)
    recording = recorded(x, *others)
    if recording and x.storage.views is not None:
        _refuse_fixed(name, x)
    # A rule may read the value that is about to be overwritten, so that is kept, as PyTorch does.
    old = views.clone(x.detach()) if recording else x.detach()
    if recording and x.requires_grad:
        old.requires_grad, old.node = True, x.node
    y = compute(old)
    if y.shape != x.shape:
        raise RuntimeError(
            f"{name}: output with shape {x.shape} doesn't match the broadcast shape {y.shape}; "
            "an in-place operation cannot grow its tensor"
        )
    _castable(name, y.dtype, x)
    y = y.to(x.dtype)
    x.storage.device.backend.copy(x, y)
    x.storage.version += 1
    if recording:
        if not y.requires_grad:  # overwritten by constants: nothing of the old value is left
            y = views.linear(old, y, "CopyBackwards", lambda g: g._full(g.shape, 0.0, g.dtype))
        rebase(x, y)
    return x


def recorded(x: Tensor, *others: Tensor) -> bool:
    """Whether a write into x of what is made of others is a part of a graph."""
    if not (is_grad_enabled() and x.dtype.is_floating_point):
        return False
    return x.requires_grad or any(other.requires_grad for other in others)


def rebase(x: Tensor, y: Tensor) -> None:
    """Give x the history of y, and correct that of its base and of the other views."""
    base = x if x.base is None else x.base
    set_history(base, y.node if base is x else _CopySlices(base, x.layout, y))
    references = base.storage.views or ()
    for view in [view for reference in references if (view := reference()) is not None]:
        if view.base is base:
            set_history(view, _view_node(base, view.layout))


def set_history(x: Tensor, node: Node[Tensor] | None) -> None:
    """Let `node` be what made x; what `retain_grad` promised goes on to hold."""
    retained = x.retains_grad
    if retained and x.node is not None and x.node.hooks is not None:
        x.node.hooks.pop()  # it is always the last
    x.requires_grad, x.node = True, node
    if retained:
        x.retain_grad()


def _view_node(base: Tensor, layout: Layout) -> Node[Tensor]:
    source, size = base.layout, len(base.storage.buffer)
    node: LinearNode[Tensor] = LinearNode((base.gradient_node(),))
    node.title = "AsStridedBackward0"
    node.transpose = lambda g: views.unstrided(g, layout, source, size)
    return node


class _CopySlices(Node["Tensor"]):
    """base with y written into a part: that part's gradient goes to y, the rest to base."""

    __slots__ = ("part", "size", "source")

    def __init__(self, base: Tensor, part: Layout, y: Tensor) -> None:
        super().__init__((base.gradient_node(), y.gradient_node()))
        self.part = part
        self.source = base.layout
        self.size = len(base.storage.buffer)

    def backward(self, g: Tensor, /) -> Sequence[Tensor | None]:
        """g without the part, and the part of g."""
        part, source = self.part, self.source
        if not source.dense:
            # The base lies in memory in another order, so we look where the part lies there.
            written = views.unstrided(g._full(part.shape, 1.0, g.dtype), part, source, self.size)
            into_y = views.unstrided(g, source, part, self.size)
            return (pointwise.where(pointwise.eq(written, 0.0), g, 0.0), into_y)
        dense = views.contiguous(g)
        if dense.layout.offset:
            dense = views.clone(dense)
        into_y = views.as_strided(dense, part.shape, part.strides, part.offset)
        kept = dense._full(dense.shape, 1, dtypes.bool_)
        hole = kept._view(part)
        hole.storage.device.backend.copy(hole, dense._full(part.shape, 0, dtypes.bool_))
        return (pointwise.where(kept, dense, 0.0), into_y)

    def name(self) -> str:
        """PyTorch's name."""
        return "CopySlices"


def unary_(x: Tensor, operator: Unary) -> Tensor:
    """x = operator(x), directly in its memory where nothing is recorded."""
    if (
        not x.requires_grad
        and x.base is None
        and x.layout.dense
        and x.dtype.is_floating_point
        and operator.result in ("same", "float")
    ):  # the common case, which nothing forbids
        storage = x.storage
        storage.device.backend.map(operator, x, x)
        storage.version += 1
        return x
    name = f"{operator.name}_"
    if is_grad_enabled() and x.requires_grad:
        return write(name, x, lambda old: old.apply_unary(operator))
    check(name, x)
    _castable(name, pointwise.result_dtype(operator, x.dtype), x)
    x.storage.device.backend.map(operator, x, x)
    x.storage.version += 1
    return x


def binary_(x: Tensor, operator: Binary, other: Tensor | float) -> Tensor:
    """x = operator(x, other), directly in its memory where nothing is recorded."""
    if (
        type(other) is type(x)
        and not isinstance(other, (int, float))
        and not (x.requires_grad or other.requires_grad)
        and x.base is None
        and x.layout.dense
        and other.layout is x.layout
        and other.dtype is x.dtype
        and other.storage.device is x.storage.device
        and x.dtype.is_floating_point
        and operator.result in ("same", "float")
    ):  # the common case, which nothing forbids
        x.storage.device.backend.zip(operator, x, x, other)
        x.storage.version += 1
        return x
    name = f"{operator.name}_"
    other = operand(name, other, x)
    if isinstance(other, (int, float)):
        if isinstance(other, bool):
            pointwise.refuse_bools(operator, dtypes.bool_)
        if x.dtype.half and operator in pointwise.WIDE:
            return write(name, x, lambda old: old.apply_binary(operator, other))
        b = x._constant(other, dtypes.with_number(x.dtype, other))
    else:
        b = other
    if is_grad_enabled() and (x.requires_grad or b.requires_grad):
        return write(name, x, lambda old: old.apply_binary(operator, b), b)
    check(name, x)
    shape = broadcast_for(name, x.shape, b.shape)
    if shape != x.shape:
        raise RuntimeError(
            f"{name}: output with shape {x.shape} doesn't match the broadcast shape {shape}; an "
            "in-place operation cannot grow its tensor"
        )
    a, expanded, dtype = pointwise.align(operator, x.detach(), b.detach(), shape)
    result = pointwise.result_dtype(operator, dtype)
    _castable(name, result, x)
    if dtype.kind == "int":
        pointwise.check_divisor(operator, expanded)
    if result is not x.dtype:
        return write(name, x, lambda old: old.apply_binary(operator, b))
    x.storage.device.backend.zip(operator, x, a, _disjoint(x, expanded))
    x.storage.version += 1
    return x


def ternary_(x: Tensor, operator: Ternary, b: Tensor | float, c: Tensor | float) -> Tensor:
    """x = operator(x, b, c)."""
    others = [t for t in (b, c) if not isinstance(t, (int, float))]
    return write(f"{operator.name}_", x, lambda old: old.apply_ternary(operator, b, c), *others)


def copy_(x: Tensor, src: Tensor | float, non_blocking: bool = False) -> Tensor:
    """Write the elements of `src`, broadcast and cast, into x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
    """
    if isinstance(src, (int, float)):
        source = x._constant(src, dtypes.of_number(src))
    else:
        source = require_tensor("copy_", "src", src)
    if is_grad_enabled() and (x.requires_grad or source.requires_grad):
        return write(
            "copy_",
            x,
            lambda old: views.clone(views.expand_to(source.to(x.device).to(x.dtype), x.shape)),
            source,
        )
    check("copy_", x)
    moved = views.expand_to(source.detach().to(x.device), x.shape)
    x.storage.device.backend.copy(x, _disjoint(x, moved))
    x.storage.version += 1
    return x


def fill_(x: Tensor, value: Tensor | float) -> Tensor:
    """Set every element to `value`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.fill_.html

    Raises:
        RuntimeError: if `value` is a tensor with dimensions, or does not fit the dtype.
    """
    if isinstance(value, (int, float)):
        dtypes.check_fits("fill_", value, x.dtype)
    elif require_tensor("fill_", "value", value).ndim:
        raise RuntimeError(
            f"fill_: only supports a number or a 0-dim tensor, but got shape {value.shape}; "
            "use copy_() to broadcast"
        )
    return copy_(x, value)


def zero_(x: Tensor) -> Tensor:
    """Set every element to 0.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.zero_.html
    """
    return copy_(x, 0)


def add_(x: Tensor, other: Tensor | float, *, alpha: float = 1) -> Tensor:
    """x += alpha * other.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.add_.html
    """
    return binary_(x, op.add, pointwise.scaled("add_", x, other, alpha))


def sub_(x: Tensor, other: Tensor | float, *, alpha: float = 1) -> Tensor:
    """x -= alpha * other.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.sub_.html
    """
    return binary_(x, op.sub, pointwise.scaled("sub_", x, other, alpha))


def mul_(x: Tensor, other: Tensor | float) -> Tensor:
    """x *= other.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.mul_.html
    """
    return binary_(x, op.mul, other)


def div_(
    x: Tensor, other: Tensor | float, *, rounding_mode: Literal["trunc", "floor"] | None = None
) -> Tensor:
    """x /= other, then rounded towards zero or down if asked.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.div_.html
    """
    if rounding_mode is None:
        return binary_(x, op.div, other)
    others = () if isinstance(other, (int, float)) else (other,)
    return write(
        "div_", x, lambda old: pointwise.div(old, other, rounding_mode=rounding_mode), *others
    )


def floor_divide_(x: Tensor, other: Tensor | float) -> Tensor:
    """x //= other.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.floor_divide_.html
    """
    return binary_(x, op.floor_divide, other)


def remainder_(x: Tensor, other: Tensor | float) -> Tensor:
    """x %= other.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.remainder_.html
    """
    return binary_(x, op.remainder, other)


def pow_(x: Tensor, exponent: Tensor | float) -> Tensor:
    """x **= exponent.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.pow_.html
    """
    return write("pow_", x, lambda old: pointwise.pow(old, exponent))


def clamp_min_(x: Tensor, min: Tensor | float) -> Tensor:
    """x = max(x, min).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.clamp_.html
    """
    return clamp_(x, min=min)


def clamp_max_(x: Tensor, max: Tensor | float) -> Tensor:
    """x = min(x, max).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.clamp_.html
    """
    return clamp_(x, max=max)


def addcmul_(x: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """x += value * tensor1 * tensor2.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.addcmul_.html
    """
    return write(
        "addcmul_",
        x,
        lambda old: pointwise.addcmul(old, tensor1, tensor2, value=value),
        tensor1,
        tensor2,
    )


def addcdiv_(x: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """x += value * tensor1 / tensor2.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.addcdiv_.html
    """
    return write(
        "addcdiv_",
        x,
        lambda old: pointwise.addcdiv(old, tensor1, tensor2, value=value),
        tensor1,
        tensor2,
    )


def lerp_(x: Tensor, end: Tensor, weight: Tensor | float) -> Tensor:
    """x += weight * (end - x).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.lerp_.html
    """
    others = [t for t in (end, weight) if not isinstance(t, (int, float))]
    return write("lerp_", x, lambda old: pointwise.lerp(old, end, weight), *others)


def clamp_(
    x: Tensor, min: Tensor | float | None = None, max: Tensor | float | None = None
) -> Tensor:
    """x = min(max(x, min), max).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.clamp_.html
    """
    return write("clamp_", x, lambda old: pointwise.clamp(old, min, max))
