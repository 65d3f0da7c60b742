"""Parameters and buffers that have no shape yet: what lazy modules hold until their first input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeGuard

from minitorch.nn.parameter import Parameter
from minitorch_tensor import Device, DType, Size, Tensor, empty

_ALLOWED = frozenset(
    (
        *("storage", "layout", "dtype", "device", "data", "base", "node", "grad", "_grad"),
        *("requires_grad", "requires_grad_", "grad_fn", "is_leaf", "gradient_node", "name"),
        *("materialize", "cls_to_become", "is_floating_point", "shape", "is_cuda"),
    )
)
"""What may be asked of a tensor without a shape, beside what has two underscores."""


class Uninitialized(Tensor):
    """A tensor with a dtype and a device, but no shape: `materialize` gives it one."""

    __slots__ = ()
    cls_to_become: ClassVar[type[Tensor]]

    def __getattribute__(self, name: str) -> object:
        if name in _ALLOWED or name.startswith("__"):
            return object.__getattribute__(self, name)
        kind = type(self).__name__
        raise ValueError(
            f"Attempted to use an uninitialized parameter in {name}. This error happens when you "
            "are using a `LazyModule` or explicitly manipulating "
            f"`minitorch.nn.parameter.{kind}` objects. When using LazyModules Call `forward` with "
            "a dummy batch to initialize the parameters before calling minitorch functions"
        )

    def materialize(
        self,
        shape: Sequence[int],
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        """Become an ordinary tensor of this shape, whose values are still to be written."""
        self.data = empty(
            tuple(shape),
            device=self.device if device is None else device,
            dtype=self.dtype if dtype is None else dtype,
        )
        object.__setattr__(self, "__class__", self.cls_to_become)

    @property
    def shape(self) -> Size:
        """There is none."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes."
        )

    def __deepcopy__(self, memo: dict[int, object]) -> Tensor:
        copied = memo[id(self)] = self.__copy__()
        return copied

    def __copy__(self) -> Tensor:
        kind, arguments = self.__reduce__()
        return kind(*arguments)

    def __reduce__(self) -> tuple[Callable[..., Tensor], tuple[object, ...]]:
        return (type(self), (self.requires_grad, str(self.device), self.dtype))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(Uninitialized, Parameter):
    """A parameter whose shape a lazy module finds out from its first input.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedParameter.html

    >>> weight = UninitializedParameter()
    >>> weight
    <UninitializedParameter>
    >>> weight.materialize((2, 3))
    >>> type(weight).__name__, weight.shape
    ('Parameter', torch.Size([2, 3]))
    """

    cls_to_become = Parameter

    def __init__(
        self,
        requires_grad: bool = True,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        Parameter.__init__(self, empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(Uninitialized):
    """A buffer whose shape a lazy module finds out from its first input.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedBuffer.html
    """

    __slots__ = ()
    cls_to_become = Tensor

    def __init__(
        self,
        requires_grad: bool = False,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        source = empty(0, device=device, dtype=dtype)
        self.storage, self.layout, self.dtype = source.storage, source.layout, source.dtype
        self.requires_grad = requires_grad
        self.grad = self.node = self.base = None


def is_lazy(x: object) -> TypeGuard[Uninitialized]:
    """Whether x is a parameter or buffer without a shape."""
    return isinstance(x, Uninitialized)
