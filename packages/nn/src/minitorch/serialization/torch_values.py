"""What a pickle of PyTorch's may name, and what each name makes here: an allow-list.

Storages come as persistent ids, ("storage", type, key, location, size); `_rebuild_tensor_v2` and
its kin lay a tensor over one, and `OrderedDict`, `Size`, `device` are made by calls too.
All else is refused by its name.
https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import numpy as np

from minitorch.nn.parameter import Parameter
from minitorch.serialization.damage import DamagedError, RefusedError, require
from minitorch.serialization.pickle_machine import Function, Internal, simple_key
from minitorch_tensor import (
    Device,
    DType,
    Layout,
    Size,
    Storage,
    Tensor,
    bfloat16,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from minitorch_tensor.core import make as make_tensor
from minitorch_tensor.layout import make as make_layout

STORAGES: Final[dict[str, DType]] = {
    "torch.DoubleStorage": float64, "torch.FloatStorage": float32, "torch.HalfStorage": float16,
    "torch.BFloat16Storage": bfloat16, "torch.LongStorage": int64, "torch.IntStorage": int32,
    "torch.ShortStorage": int16, "torch.CharStorage": int8, "torch.ByteStorage": uint8,
    "torch.BoolStorage": bool_,
}  # fmt: skip
_UNTYPED: Final = ("torch.storage.UntypedStorage", "torch.UntypedStorage")
_LIMIT: Final = np.iinfo(np.int64).max
_MODEL: Final = (
    "loading it would run code that the file chooses. Tensors, numbers and strings are loaded, "
    "in dictionaries, lists and tuples. In PyTorch, save a model as torch.save(model.state_dict(), "
    "...), and turn other objects into those"
)
_REMEDIES: Final = (
    ("numpy", "in PyTorch, save numbers of NumPy as x.item(), and arrays as torch.from_numpy(x)"),
    ("torch.Complex", "minitorch has no complex numbers: save torch.view_as_real(x)"),
    ("torch.complex", "minitorch has no complex numbers: save torch.view_as_real(x)"),
    ("torch.Q", "minitorch has no quantised tensors: save x.dequantize()"),
    ("torch._utils._rebuild_q", "minitorch has no quantised tensors: save x.dequantize()"),
    ("torch._utils._rebuild_sparse", "minitorch has no sparse tensors: save x.to_dense()"),
    ("torch.uint", "minitorch has no such dtype: save x.to(torch.int64)"),
    ("torch.float", "minitorch has no such dtype: save x.to(torch.bfloat16)"),
)


T = TypeVar("T", bound=Tensor)


@dataclass(frozen=True)
class Memory(Internal):
    """The memory of tensors: typed, unless the file leaves it to the tensors."""

    key: str
    dtype: DType | None
    size: int
    """Of elements; of bytes if it has no type."""


class Storages(Protocol):
    """Where the memory comes from."""

    def storage(self, key: str, dtype: DType, count: int) -> Storage:
        """The memory of a key; one for all who ask."""
        ...


class Values:
    """The names in one file.

    Args:
        storages: where memory comes from.
    """

    def __init__(self, storages: Storages) -> None:
        self._storages = storages
        rebuild = "torch._utils._rebuild_"
        functions: dict[str, Callable[[tuple[object, ...]], object] | None] = {
            "collections.OrderedDict": _ordered,
            "collections.Counter": _counter,
            "builtins.set": _set,
            "builtins.bytearray": _bytearray,
            "builtins.complex": _complex,
            "_codecs.encode": _encode,
            "torch.Size": _size,
            "torch.device": _device,
            "torch.Tensor": None,
            "torch.nn.parameter.Parameter": None,
            f"{rebuild}tensor": self._tensor_v1,
            f"{rebuild}tensor_v2": self._tensor_v2,
            f"{rebuild}tensor_v3": self._tensor_v3,
            f"{rebuild}parameter": _parameter,
            f"{rebuild}parameter_with_state": _parameter,
            "torch._tensor._rebuild_from_type_v2": _from_type,
            **dict.fromkeys((*STORAGES, *_UNTYPED), None),
        }
        self._known: dict[str, object] = {n: Function(n, call) for n, call in functions.items()}
        for dtype in {*STORAGES.values()}:
            self._known[f"torch.{dtype.name}"] = dtype

    def resolve(self, name: str) -> object:
        """What a name stands for.

        Raises:
            RefusedError: if it is not on the list.
        """
        known = self._known.get(name)
        if known is None:
            raise RefusedError(name, next((r for n, r in _REMEDIES if name.startswith(n)), _MODEL))
        return known

    def memory(self, identity: object) -> Memory:
        """The memory that a persistent id stands for: (what, type, key, location, count).

        Where it was does not matter: tensors are loaded onto the device that was asked for.

        Raises:
            DamagedError: if it is something else.
        """
        if type(identity) is not tuple or len(identity) not in (5, 6) or identity[0] != "storage":
            raise DamagedError("a persistent id in its pickle is no storage")
        _, kind, key, _, count, *view = identity
        if not isinstance(kind, Function) or type(key) is not str or type(count) is not int:
            raise DamagedError("a persistent id in its pickle is no storage's")
        if view not in ([], [None]):
            raise RefusedError("a view of a storage", "load and save it with a newer PyTorch")
        if kind.name not in STORAGES and kind.name not in _UNTYPED:
            raise DamagedError(f"{kind.name} is no type of a storage")
        require(0 <= count <= _LIMIT, f"storage '{key}' has {count} elements")
        return Memory("a storage", key, STORAGES.get(kind.name), count)

    def _tensor_v1(self, arguments: tuple[object, ...]) -> Tensor:
        memory, offset, sizes, strides = arguments
        return self._tensor(memory, offset, sizes, strides, False, None, None)

    def _tensor_v2(self, arguments: tuple[object, ...]) -> Tensor:
        memory, offset, sizes, strides, grad, _, *more = arguments  # without the hooks
        (metadata,) = more or [None]
        return self._tensor(memory, offset, sizes, strides, grad, None, metadata)

    def _tensor_v3(self, arguments: tuple[object, ...]) -> Tensor:
        memory, offset, sizes, strides, grad, _, dtype, *more = arguments
        (metadata,) = more or [None]
        return self._tensor(memory, offset, sizes, strides, grad, dtype, metadata)

    def _tensor(
        self,
        memory: object,
        offset: object,
        sizes: object,
        strides: object,
        grad: object,
        kind: object,
        metadata: object,
    ) -> Tensor:
        if not isinstance(memory, Memory) or type(offset) is not int:
            raise DamagedError("a tensor in it lies over no storage")
        dtype = memory.dtype if kind is None else kind
        if not isinstance(dtype, DType):
            raise DamagedError("a tensor in it has no dtype")
        if metadata is not None and metadata != {}:
            raise RefusedError(
                "a tensor that is the negative or the conjugate of its memory",
                "save x.resolve_conj().resolve_neg()",
            )
        count = memory.size if memory.dtype is not None else memory.size // dtype.itemsize
        laid = _laid(_whole(sizes), _whole(strides), offset, count, dtype)
        x = make_tensor(self._storages.storage(memory.key, dtype, count), laid, dtype)
        return _requiring(x, grad)


def _laid(
    shape: tuple[int, ...], strides: tuple[int, ...], offset: int, count: int, dtype: DType
) -> Layout:
    """The layout of a tensor, which stays inside `count` elements."""
    what = f"a tensor of sizes {shape[:8]}, strides {strides[:8]} and offset {offset}"
    require(len(shape) == len(strides) <= 64, f"{what} has no proper dimensions")
    require(min((*shape, *strides, offset)) >= 0, f"{what} goes backwards")
    spread = 1
    for size in shape:
        spread *= max(size, 1)
        require(spread * dtype.itemsize <= _LIMIT, f"{what} is too large")
    require(max((0, *strides)) * dtype.itemsize <= _LIMIT, f"{what} has too large a stride")
    layout = make_layout(shape, strides, offset)
    require(layout.span()[1] <= count, f"{what} reaches outside its storage of {count} elements")
    return layout


def _requiring(x: Tensor, grad: object) -> Tensor:
    require(isinstance(grad, bool), "whether a tensor in it requires grad is no bool")
    if grad is True:
        require(x.dtype.is_floating_point, f"a tensor of {x.dtype} requires grad")
        x.requires_grad_()
    return x


def _whole(value: object) -> tuple[int, ...]:
    if not isinstance(value, tuple) or not all(type(item) is int for item in value):
        raise DamagedError("sizes or strides of a tensor in it are no whole numbers")
    return tuple(value)


def _parameter(arguments: tuple[object, ...]) -> Parameter:
    """(data, requires_grad, hooks), and the attributes that were put on it."""
    data, grad, _, *state = arguments
    if not isinstance(data, Tensor):
        raise DamagedError("a parameter in it has no tensor")
    x = Parameter(data, requires_grad=False)
    _requiring(x, grad)
    return _with_attributes(x, state[0]) if state else x


def _from_type(arguments: tuple[object, ...]) -> Tensor:
    """(function, class, its arguments, attributes): a tensor with attributes."""
    function, kind, inner, state = arguments
    if not isinstance(function, Function) or not isinstance(kind, Function):
        raise DamagedError("a tensor in it is made by no function")
    if kind.name not in ("torch.Tensor", "torch.nn.parameter.Parameter"):
        raise DamagedError(f"{kind.name} is no class of tensors")
    if function.call is None or type(inner) is not tuple:
        raise DamagedError(f"{function.name} makes no tensor")
    x = function.call(inner)
    if not isinstance(x, Tensor):
        raise DamagedError(f"{function.name} makes no tensor")
    return _with_attributes(x, state)


def _ordered(arguments: tuple[object, ...]) -> OrderedDict[object, object]:
    return OrderedDict(_pairs(*arguments))


def _pairs(items: object = ()) -> Iterable[tuple[object, object]]:
    for pair in items if isinstance(items, list) else [] if items == () else [None]:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise DamagedError("an OrderedDict in it is not made of pairs")
        yield simple_key(pair[0]), pair[1]


def _counter(arguments: tuple[object, ...]) -> Counter[object]:
    (counts,) = arguments or ({},)
    if not isinstance(counts, dict) or not all(type(n) is int for n in counts.values()):
        raise DamagedError("a Counter in it does not count")
    return Counter(counts)


def _set(arguments: tuple[object, ...]) -> set[object]:
    (items,) = arguments or ([],)
    if not isinstance(items, list):
        raise DamagedError("a set in it is not made of a list")
    return {simple_key(item) for item in items}


def _bytearray(arguments: tuple[object, ...]) -> bytearray:
    (content,) = arguments or (b"",)
    if not isinstance(content, bytes):
        raise DamagedError("a bytearray in it is not made of bytes")
    return bytearray(content)


def _complex(arguments: tuple[object, ...]) -> complex:
    real, imaginary = arguments
    if not isinstance(real, float) or not isinstance(imaginary, float):
        raise DamagedError("a complex number in it is not made of two floats")
    return complex(real, imaginary)


def _encode(arguments: tuple[object, ...]) -> bytes:
    text, encoding = arguments
    if not isinstance(text, str) or encoding != "latin1":
        raise DamagedError("bytes in it are not written as latin1")
    return text.encode("latin1")


def _size(arguments: tuple[object, ...]) -> Size:
    (sizes,) = arguments
    return Size(_whole(sizes))


def _device(arguments: tuple[object, ...]) -> Device:
    name, *index = arguments
    if type(name) is not str or not all(type(number) is int for number in index):
        raise DamagedError("a device in it is no name and number")
    try:
        return Device(":".join(map(str, (name, *index))))
    except RuntimeError as error:
        raise RefusedError(f"the device '{name}'", str(error)) from error


def _with_attributes(x: T, state: object) -> T:
    """x with the attributes that were put on it; those of its class stay what they are."""
    if type(state) is not dict:
        raise RefusedError("a tensor with slots", "save x.detach()")
    for name, value in state.items():
        if not isinstance(name, str) or hasattr(type(x), name):
            raise RefusedError(f"a tensor's attribute {name!r}", "save x.detach()")
        setattr(x, name, value)
    return x
