"""`Tensor`: a strided view of versioned storage, with a history.

This file holds what a tensor is, and how an operator is applied to it. What can be done with one
is in the
modules listed at the end of the class: each entry is a plain function there and a method here, and
both
are the same object.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from copy import deepcopy
from sys import getrefcount
from threading import Lock
from typing import ClassVar
from weakref import ReferenceType, ref

import numpy as np

import minitorch_operators as op
from minitorch_autodiff import (
    AccumulateGrad,
    Hook,
    Node,
    Output,
    RemovableHandle,
    Variable,
    is_grad_enabled,
    record_binary,
    record_ternary,
    record_unary,
    references_when_alone,
)
from minitorch_operators import Binary, Rule, Ternary, TernaryRule, Unary
from minitorch_tensor import (
    arranging,
    autograd,
    casts,
    conversion,
    elementwise_complex,
    inplace,
    linalg,
    pointwise,
    printing,
    stepping,
    views,
)
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.accelerator import is_accelerator
from minitorch_tensor.data import Data, from_foreign, operand, to_storage
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType
from minitorch_tensor.half import narrowed
from minitorch_tensor.layout import Layout, Shape, broadcast_for, following
from minitorch_tensor.methods.arranging import ArrangingMethods
from minitorch_tensor.methods.autograd import AutogradMethods
from minitorch_tensor.methods.conversion import ConversionMethods
from minitorch_tensor.methods.elementwise import ElementwiseMethods
from minitorch_tensor.methods.indexing import IndexingMethods
from minitorch_tensor.methods.inplace import InplaceMethods
from minitorch_tensor.methods.linalg import LinalgMethods
from minitorch_tensor.methods.linear_algebra import LinearAlgebraMethods
from minitorch_tensor.methods.memory import MemoryMethods
from minitorch_tensor.methods.neural import NeuralMethods
from minitorch_tensor.methods.pointwise import PointwiseMethods
from minitorch_tensor.methods.random import RandomMethods
from minitorch_tensor.methods.reductions import ReductionMethods
from minitorch_tensor.methods.shapes import ShapeMethods
from minitorch_tensor.methods.special import SpecialMethods
from minitorch_tensor.methods.statistics import StatisticsMethods
from minitorch_tensor.size import Size
from minitorch_tensor.storage import Storage

_new = object.__new__
_contiguous = Layout.contiguous
_making_leaf_node = Lock()  # two threads that use a leaf for the first time get one node


class Tensor(
    ConversionMethods,
    PointwiseMethods,
    ElementwiseMethods,
    ShapeMethods,
    ArrangingMethods,
    MemoryMethods,
    ReductionMethods,
    IndexingMethods,
    LinalgMethods,
    LinearAlgebraMethods,
    InplaceMethods,
    RandomMethods,
    AutogradMethods,
    SpecialMethods,
    StatisticsMethods,
    NeuralMethods,
    Variable["Tensor"],
):
    """A multi-dimensional array that remembers how it was computed.

    https://docs.pytorch.org/docs/stable/tensors.html

    Args:
        data: a number, nested sequences of numbers, an array, or a tensor; it is copied.
        dtype: of the elements; the default floating dtype if omitted, as for `torch.Tensor`.
        device: where to keep it; the default device if omitted.
        requires_grad: whether operations on it are recorded.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    Tensor([2., 4.], requires_grad=False)
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_grad",
        "base",
        "dtype",
        "layout",
        "node",
        "requires_grad",
        "storage",
    )

    storage: Storage
    layout: Layout
    dtype: DType
    __array_priority__: ClassVar[builtins.int] = 1000  # so that NumPy leaves operators to us
    requires_grad: builtins.bool
    node: Node[Tensor] | None
    base: Tensor | None  # what this is a view of, for writes in place
    _grad: Tensor | None

    def __init__(
        self,
        data: Data,
        *,
        dtype: DType | None = None,
        device: str | Device | None = None,
        requires_grad: builtins.bool = False,
    ) -> None:
        made = to_storage(data, dtype or dtypes.get_default_dtype(), device)
        self.storage, self.layout, self.dtype = made
        self.requires_grad = False
        self._grad = self.node = self.base = None
        if requires_grad:
            self.requires_grad_()

    # ---- what an array is ----------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        layout = self.layout
        sizes = layout.sizes
        return layout.seen() if sizes is None else sizes

    @property
    def ndim(self) -> builtins.int:
        """The number of dimensions."""
        return len(self.layout.shape)

    @property
    def itemsize(self) -> builtins.int:
        """The bytes of an element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> builtins.int:
        """The bytes of all elements."""
        return self.layout.size * self.dtype.itemsize

    @property
    def device(self) -> Device:
        """Where the elements are."""
        return self.storage.device

    @property
    def is_cuda(self) -> builtins.bool:
        """Whether the elements are in the memory of a GPU."""
        return self.storage.device.type == "cuda"

    @property
    def is_cpu(self) -> builtins.bool:
        """Whether the elements are in the host's memory."""
        return self.storage.device.type in ("cpu", "numpy")

    @property
    def output_nr(self) -> builtins.int:
        """Which of the outputs of the operation that made it this is; 0 for a leaf."""
        return self.node.slot if isinstance(self.node, Output) else 0

    @property
    def version(self) -> builtins.int:
        """How often the memory of this tensor was written in place."""
        return self.storage.version

    @property
    def _version(self) -> builtins.int:
        """PyTorch's name of `version`."""
        return self.storage.version

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` added up here, or None.

        For a tensor that is no leaf it is None, with a warning, unless `retain_grad()` was called.
        https://docs.pytorch.org/docs/stable/generated/torch.Tensor.grad.html
        """
        if self._grad is None and self.node is not None:
            autograd.warn_of_no_leaf(self)
        return self._grad

    @grad.setter
    def grad(self, g: Tensor | None) -> None:
        """Use g as the gradient; it must fit."""
        if g is not None:
            autograd.check_gradient(self, g)
        self._grad = g

    @property
    def data(self) -> Tensor:
        """The same memory without history; autograd does not even see that it is written."""
        return make(Storage(self.storage.buffer, self.storage.device), self.layout, self.dtype)

    @data.setter
    def data(self, other: Tensor) -> None:
        """Let this tensor use the memory of another."""
        autograd.check_data(self, other)
        self.storage, self.layout, self.dtype = other.storage, other.layout, other.dtype

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order."""
        return self.permute(*range(self.ndim - 1, -1, -1))

    @property
    def mT(self) -> Tensor:
        """The last two dimensions swapped; a number as it is."""
        return arranging.matrices_transposed("mT", self)

    @property
    def mH(self) -> Tensor:
        """The last two dimensions swapped: the conjugate transpose of real matrices."""
        return arranging.matrices_transposed("mH", self)

    @property
    def H(self) -> Tensor:
        """The transpose of a real matrix, which is its conjugate transpose."""
        return arranging.matrix_transposed("H", self)

    @property
    def real(self) -> Tensor:
        """The real part: this tensor itself."""
        return elementwise_complex.real(self)

    @property
    def imag(self) -> Tensor:
        """The imaginary part, which a real tensor has not: a RuntimeError, as in PyTorch."""
        return elementwise_complex.imag(self)

    # ---- what the engine asks for --------------------------------------------------------------

    def detach(self) -> Tensor:
        """The same memory without history.

        https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html
        """
        return make(self.storage, self.layout, self.dtype)

    def gradient_node(self) -> Node[Tensor] | None:
        """Where a gradient of this tensor is sent; None if it needs none."""
        if not self.requires_grad:
            return None
        if self.node is None:
            with _making_leaf_node:
                if self.node is None:
                    self.node = AccumulateGrad(self)
        return self.node

    def receive(self, g: Tensor, /, *, alone: builtins.bool = False) -> None:
        """Add g to `.grad`, which is a dense tensor that nothing else shares.

        A gradient that nobody else has becomes `.grad` itself: to copy it would cost as much as
        many a kernel that made it.
        """
        if self._grad is None:
            self._grad = g if alone and _is_alone(g) else views.clone(g)
        elif is_grad_enabled():
            self._grad = self._grad + g
        else:
            inplace.add_(self._grad, g)

    def register_hook(self, hook: Hook[Tensor], /) -> RemovableHandle:
        """Call `hook` with the complete gradient of this tensor; its result, if any, replaces it.

        https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html

        Raises:
            RuntimeError: if this tensor does not require grad; and in backward, if the hook
            returns a tensor of another shape, dtype or device.
        """
        return super().register_hook(autograd.checked_hook(hook))

    def compute_rule(self, rule: Rule, a: Tensor, b: Tensor, /) -> Tensor:
        """`rule(self, a, b)`, a gradient like self; in one fused pass if it is not recorded."""
        if is_grad_enabled():
            return rule(self, a, b).to(self.dtype)
        device = self.storage.device
        layout = self.layout
        if not layout.dense:
            layout = following(layout, a.layout, b.layout)
        y = fresh(layout, self.dtype, device)
        device.backend.pull(rule, y, self, a, b)
        return y

    def compute_ternary_rule(self, rule: TernaryRule, a: Tensor, b: Tensor, c: Tensor, /) -> Tensor:
        """`rule(self, a, b, c)`, likewise."""
        if is_grad_enabled():
            return rule(self, a, b, c).to(self.dtype)
        device = self.storage.device
        layout = self.layout
        if not layout.dense:
            layout = following(layout, a.layout, b.layout, c.layout)
        y = fresh(layout, self.dtype, device)
        device.backend.pull3(rule, y, self, a, b, c)
        return y

    # ---- how an operator is applied ------------------------------------------------------------

    def apply_unary(self, operator: Unary, /) -> Tensor:
        """`operator` of each element."""
        device = self.storage.device
        layout = self.layout
        y = fresh(
            layout if layout.dense else following(layout),
            pointwise.result_dtype(operator, self.dtype),
            device,
        )
        device.backend.map(operator, y, self)
        if self.requires_grad and y.dtype.is_floating_point and is_grad_enabled():
            record_unary(operator, self, y)
        return y

    def apply_binary(self, operator: Binary, other: Tensor | float, /) -> Tensor:
        """`operator` of each pair of elements, after broadcasting and promotion."""
        a = self
        device = a.storage.device
        layout = a.layout
        dtype = a.dtype
        if isinstance(other, Tensor):
            b = other
            if b.layout is not layout or b.dtype is not dtype or b.storage.device is not device:
                shape = broadcast_for(operator.name, layout.shape, b.layout.shape)
                a, b, dtype = pointwise.align(operator, a, b, shape)
                layout = a.layout
        elif isinstance(other, (int, float)):
            if isinstance(other, bool):
                pointwise.refuse_bools(operator, dtypes.bool_)
            if not dtype.is_floating_point:
                dtype = pointwise.number_dtype(operator, dtype, other)
                pointwise.refuse_bools(operator, a.dtype)
            wide = dtype.half and operator in pointwise.WIDE
            kind = dtypes.float32 if wide else dtype
            b = constant(other, kind, device)
            b = make(b.storage, b.layout.expand(layout.shape), kind)
        else:
            found = from_foreign(other, a)
            return NotImplemented if found is None else a.apply_binary(operator, found)
        if not layout.dense:
            layout = following(layout, b.layout)
        if operator.result != "same" or not dtype.is_floating_point:
            if dtype.kind == "int":
                pointwise.check_divisor(operator, b, None if isinstance(other, Tensor) else other)
            dtype = pointwise.result_dtype(operator, dtype)
        y = fresh(layout, dtype, device)
        device.backend.zip(operator, y, a, b)
        if (a.requires_grad or b.requires_grad) and dtype.is_floating_point and is_grad_enabled():
            record_binary(operator, a, b, y)
        return y

    def apply_reflected(self, operator: Binary, other: float, /) -> Tensor:
        """`operator(other, self)` for a plain number."""
        if not isinstance(other, (int, float)):
            found = from_foreign(other, self)
            if not isinstance(found, (int, float)):
                return NotImplemented
            other = found
        if isinstance(other, builtins.bool):
            pointwise.refuse_bools(operator, dtypes.bool_)
        dtype = pointwise.number_dtype(operator, self.dtype, other)
        return constant(other, dtype, self.storage.device).apply_binary(operator, self)

    def apply_ternary(self, operator: Ternary, b: Tensor | float, c: Tensor | float, /) -> Tensor:
        """`operator` of each triple of elements, after broadcasting and promotion."""
        a, b, c, dtype = pointwise.align3(operator, self, b, c)
        layout = a.layout
        if not layout.dense:
            layout = following(layout, b.layout, c.layout)
        y = fresh(layout, dtype, self.storage.device)
        self.storage.device.backend.zip3(operator, y, a, b, c)
        if (
            (a.requires_grad or b.requires_grad or c.requires_grad)
            and dtype.is_floating_point
            and is_grad_enabled()
        ):
            record_ternary(operator, a, b, c, y)
        return y

    # ---- how the other modules make tensors ----------------------------------------------------

    def _view(self, layout: Layout) -> Tensor:
        """The same memory under another layout, without history."""
        x: Tensor = _new(Tensor)
        x.storage = self.storage
        x.layout = layout
        x.dtype = self.dtype
        x.requires_grad = False
        x._grad = x.node = x.base = None
        return x

    def _on(self, storage: Storage, layout: Layout) -> Tensor:
        """Other memory, with the dtype of this tensor."""
        return make(storage, layout, self.dtype)

    def _fresh(self, shape: Shape, dtype: DType) -> Tensor:
        """New memory with any contents, on the device of this tensor."""
        return fresh(_contiguous(shape), dtype, self.storage.device)

    def _full(self, shape: Shape, value: float, dtype: DType) -> Tensor:
        """New memory filled with a number, on the device of this tensor."""
        return full(shape, value, dtype, self.storage.device)

    def _constant(self, value: float, dtype: DType) -> Tensor:
        """A shared 0-d tensor of this value; never written."""
        return constant(value, dtype, self.storage.device)

    def _arange(self, n: int) -> Tensor:
        """0, 1, ..., n - 1 as int64, on the device of this tensor."""
        return stepping.stepped(self, n, 0, 1, dtypes.int64)

    def _weak(self) -> ReferenceType[Tensor]:
        """A weak reference to this tensor."""
        return ref(self)

    # ---- Python's operators --------------------------------------------------------------------

    def __pow__(self, exponent: Tensor | float, /) -> Tensor:
        return pointwise.pow(self, exponent)

    def __rpow__(self, base: float, /) -> Tensor:
        return self.apply_reflected(op.pow, base)

    def __floordiv__(self, other: Tensor | float, /) -> Tensor:
        return self.apply_binary(op.floor_divide, other)

    def __rfloordiv__(self, other: float, /) -> Tensor:
        return self.apply_reflected(op.floor_divide, other)

    def __mod__(self, other: Tensor | float, /) -> Tensor:
        return self.apply_binary(op.remainder, other)

    def __rmod__(self, other: float, /) -> Tensor:
        return self.apply_reflected(op.remainder, other)

    def __matmul__(self, other: Tensor, /) -> Tensor:
        return linalg.matmul(self, other) if isinstance(other, Tensor) else NotImplemented

    def __rmatmul__(self, other: Tensor, /) -> Tensor:
        return linalg.matmul(other, self) if isinstance(other, Tensor) else NotImplemented

    def __abs__(self) -> Tensor:
        return self.apply_unary(op.abs)

    def __pos__(self) -> Tensor:
        if self.dtype is dtypes.bool_:
            raise RuntimeError("+: not defined for bool tensors")
        return self

    def __lt__(self, other: Tensor | float, /) -> Tensor:
        return self.apply_binary(op.lt, other)

    def __le__(self, other: Tensor | float, /) -> Tensor:
        return self.apply_binary(op.le, other)

    def __gt__(self, other: Tensor | float, /) -> Tensor:
        return self.apply_binary(op.gt, other)

    def __ge__(self, other: Tensor | float, /) -> Tensor:
        return self.apply_binary(op.ge, other)

    def __iadd__(self, other: Tensor | float, /) -> Tensor:
        return inplace.add_(self, other)

    def __isub__(self, other: Tensor | float, /) -> Tensor:
        return inplace.sub_(self, other)

    def __imul__(self, other: Tensor | float, /) -> Tensor:
        return inplace.mul_(self, other)

    def __itruediv__(self, other: Tensor | float, /) -> Tensor:
        return inplace.div_(self, other)

    def __ipow__(self, other: Tensor | float, /) -> Tensor:
        return inplace.pow_(self, other)

    def __ifloordiv__(self, other: Tensor | float, /) -> Tensor:
        return inplace.floor_divide_(self, other)

    def __imod__(self, other: Tensor | float, /) -> Tensor:
        return inplace.remainder_(self, other)

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self.layout.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor; use item()")
        return iter(self.unbind(0))

    def __contains__(self, element: Tensor | float, /) -> builtins.bool:
        try:
            return bool(self.apply_binary(op.eq, operand("in", element, self)).any())
        except TypeError as error:
            raise RuntimeError(str(error)) from None  # PyTorch's choice

    def __bool__(self) -> builtins.bool:
        return conversion.truth(self)

    def __float__(self) -> float:
        return float(conversion.only("float", self))

    def __int__(self) -> int:
        return int(conversion.only("int", self))

    def __reversed__(self) -> Tensor:
        return self.flip(*range(self.ndim)) if self.ndim else self

    def __complex__(self) -> complex:
        return complex(float(self))

    def __index__(self) -> int:
        if self.dtype.is_floating_point or self.layout.size != 1:
            raise TypeError(
                "only integer tensors of a single element can be converted to an index, but this "
                f"one has dtype {self.dtype} and shape {self.shape}"
            )
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.ndim == 0 else object.__format__(self, spec)

    def __repr__(self) -> str:
        return printing.tensor_repr(
            conversion.host_array(self),
            self.dtype.name,
            str(self.device),
            self.requires_grad,
        )

    def _leaf_on(self, storage: Storage) -> Tensor:
        """A leaf of the class of this tensor, alike but for its memory."""
        x: Tensor = _new(type(self))
        x.storage, x.layout, x.dtype = storage, self.layout, self.dtype
        x.requires_grad = self.requires_grad
        x._grad = x.node = x.base = None
        return x

    def __copy__(self) -> Tensor:
        """A leaf that shares the memory."""
        copied = self._leaf_on(self.storage)
        copied.__dict__.update(self.__dict__)
        return copied

    def __deepcopy__(self, memo: dict[int, object]) -> Tensor:
        """A leaf with memory of its own, which copies of other views share with it again."""
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol; detach() it first"
            )
        storage = memo.get(id(self.storage))
        if not isinstance(storage, Storage):
            flat = _contiguous((len(self.storage.buffer),))
            storage = memo[id(self.storage)] = views.clone(self._view(flat)).storage
        copied = memo[id(self)] = self._leaf_on(storage)
        copied._grad = None if self._grad is None else deepcopy(self._grad.detach(), memo)
        copied.__dict__.update(deepcopy(self.__dict__, memo))
        return copied

    def __reduce__(self) -> tuple[object, ...]:
        values = np.array(conversion.host_array(self))
        parts = type(self), values, self.dtype, str(self.device), self.requires_grad, self.__dict__
        return _rebuild, parts

    # ---- functions that are methods too: the others are in the folder `methods` ---------------

    # These hide Python's types inside the class, so they come last.
    double = casts.double
    half = casts.half
    bfloat16 = casts.bfloat16
    long = casts.long
    short = casts.short
    char = casts.char
    byte = casts.byte
    float = casts.float
    int = casts.int
    bool = casts.bool


def make(storage: Storage, layout: Layout, dtype: DType) -> Tensor:
    """A tensor of existing memory, without history."""
    x: Tensor = _new(Tensor)
    x.storage = storage
    x.layout = layout
    x.dtype = dtype
    x.requires_grad = False
    x._grad = x.node = x.base = None
    return x


def fresh(layout: Layout, dtype: DType, device: Device) -> Tensor:
    """A tensor of new memory with any contents; `layout` has no gaps."""
    storage: Storage = _new(Storage)
    storage.buffer = device.backend.empty(layout.size, dtype)
    storage.device = device
    storage.version = 0
    storage.views = None
    x: Tensor = _new(Tensor)
    x.storage = storage
    x.layout = layout
    x.dtype = dtype
    x.requires_grad = False
    x._grad = x.node = x.base = None
    return x


def full(shape: Shape, value: float, dtype: DType, device: Device) -> Tensor:
    """A tensor of new memory filled with a number."""
    x = fresh(_contiguous(shape), dtype, device)
    source = constant(value, dtype, device)
    device.backend.copy(x, source._view(source.layout.expand(shape)))
    return x


_constants: dict[tuple[float | str, DType, Device], Tensor] = {}


def forget_constants() -> None:
    """Drop the shared constants: where their memory is, something else computes from now on."""
    _constants.clear()


def constant(value: float, dtype: DType, device: Device) -> Tensor:
    """A 0-d tensor of this value, shared by all who ask and never written.

    `x * 2.0` is so common that its 2.0 is kept. Keys that compare equal convert equally, except the
    two zeros, of which the text is the key.
    """
    key = (value or repr(value), dtype, device)
    found = _constants.get(key)
    if found is None:
        with np.errstate(all="ignore"):
            array = narrowed(np.asarray(value), dtype).reshape(1)
        backend = device.backend
        upload = backend.upload_shared if is_accelerator(backend) else backend.upload
        found = make(Storage(upload(array), device), _contiguous(()), dtype)
        if len(_constants) >= 1024:
            _constants.clear()
        _constants[key] = found
    return found


def _rebuild(
    kind: type[Tensor],
    values: dtypes.HostArray,
    dtype: DType,
    device: str,
    requires_grad: bool,
    attributes: dict[str, object],
) -> Tensor:
    """Make a pickled tensor again."""
    storage, layout, dtype = to_storage(values, dtype, device)
    x: Tensor = _new(kind)
    x.storage, x.layout, x.dtype = storage, layout, dtype
    x.requires_grad = requires_grad
    x._grad = x.node = x.base = None
    x.__dict__.update(attributes)
    return x


def _holders(g: Tensor) -> tuple[int, int]:
    """How many references there are to the storage of g, and to its memory."""
    return getrefcount(g.storage), getrefcount(g.storage.buffer)


def _is_alone(g: Tensor) -> bool:
    """Whether g, which nobody else has, is dense, without history, and shares its memory with none.

    An array that is part of another one may be shared, too.
    """
    return (
        g.layout.dense
        and g.node is None
        and type(g) is Tensor
        and len(g.storage.buffer) == g.layout.size
        and not isinstance(getattr(g.storage.buffer, "base", None), np.ndarray)
        and _holders(g) == _HOLDERS_ALONE
    )


_probe = _new(Tensor)
_probe.storage = _new(Storage)
_probe.storage.buffer = np.empty(0)
_HOLDERS_ALONE = _holders(_probe)
del _probe
AccumulateGrad.alone = references_when_alone(lambda: _new(Tensor))
