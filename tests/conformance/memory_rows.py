"""Rows: sequences, windows, strided memory, exchange with other libraries, facts about memory."""

from __future__ import annotations

import warnings
from array import array
from types import ModuleType

import numpy as np

from .table import Call, Given, Row, Tensor, X, row

SMALL = Given((3,))


def rows() -> list[Row]:
    """All of them."""
    return [*_sequences(), *_windows(), *_memory(), *_exchange(), *_facts(), *_formats()]


def _fixed(name: str, call: Call, *inputs: Given) -> Row:
    """A row about no function of its input, which gives the dtype and the device."""
    return row(name, call, *(inputs or (SMALL,)), dtypes=False, layouts=False, gradient=False)


def _told(name: str, call: Call, *inputs: Given) -> Row:
    """A row whose function gives no tensor but numbers, which become one."""

    def asked(lib: ModuleType, x: Tensor, *rest: Tensor) -> Tensor:
        return lib.tensor(call(lib, x, *rest), device=x.device)

    return _fixed(name, asked, *inputs)


def _sequences() -> list[Row]:
    def counted(lib: ModuleType, x: Tensor) -> Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is deprecated
            return lib.range(0.5, 3, 0.5, dtype=x.dtype, device=x.device)

    def powers(*args: float) -> Row:
        return _fixed(
            f"logspace{args}",
            lambda lib, x: lib.logspace(*args, dtype=x.dtype, device=x.device),
        )

    return [
        powers(0, 2, 5),
        powers(-1.5, 2.5, 7, 2),
        powers(1, 2, 1),
        powers(0, 3, 0),
        _fixed("logspace int", lambda lib, x: lib.logspace(0.5, 2.7, 3, 2, dtype=lib.int32).to(x)),
        _fixed("range", counted),
        _fixed("tril_indices", lambda lib, x: lib.tril_indices(3, 4, 1, device=x.device)),
        _fixed("triu_indices", lambda lib, x: lib.triu_indices(4, 3, -1, dtype=lib.int32).to(x)),
        _fixed("scalar_tensor", lambda lib, x: lib.scalar_tensor(3, device=x.device)),
    ]


def _windows() -> list[Row]:
    def window(name: str, length: int, periodic: bool, *args: float) -> Row:
        return _fixed(
            f"{name}_window({length}, {periodic}, {args})",
            lambda lib, x: getattr(lib, f"{name}_window")(
                length, periodic, *args, dtype=x.dtype, device=x.device
            ),
        )

    names = ("bartlett", "blackman", "hamming", "hann", "kaiser")
    return [
        *(window(name, 7, periodic) for name in names for periodic in (True, False)),
        *(window(name, length, False) for name in names for length in (0, 1, 2)),
        window("hamming", 6, True, 0.5, 0.4),
        window("kaiser", 6, True, 3.0),
    ]


def _memory() -> list[Row]:
    def resized(lib: ModuleType, x: Tensor) -> Tensor:
        y = x.detach().clone().flatten()
        return y.resize_(14)[:12].clone() + y.resize_(2, 2).sum() + y.resize_as_(x.detach()).sum()

    def attached(lib: ModuleType, x: Tensor) -> Tensor:
        base = x.detach().clone().flatten()
        y = lib.empty(0, dtype=x.dtype, device=x.device).set_(base)
        z = lib.empty(0, dtype=x.dtype, device=x.device)
        z.set_(base.untyped_storage(), 1, (2, 3), (3, 1))
        base.mul_(2)
        return y[:6].reshape(2, 3) + z

    return [
        _fixed(
            "empty_strided",
            lambda lib, x: (
                lib.empty_strided((2, 3), (1, 2), dtype=x.dtype, device=x.device)
                .fill_(1)
                .reshape(-1)
            ),
        ),
        _told("empty_strided strides", lambda lib, x: lib.empty_strided((2, 3), (1, 2)).stride()),
        _told("empty_permuted", lambda lib, x: lib.empty_permuted((2, 3, 5), (1, 2, 0)).stride()),
        _told("new_empty_strided", lambda lib, x: x.new_empty_strided((2, 3), (1, 2)).stride()),
        _fixed("resize_", resized, X),
        _fixed("set_", attached, X),
        _fixed("fill", lambda lib, x: lib.fill(x, 2.5)),
        row("fill with a tensor", lambda lib, x, v: lib.fill(x, v) * 2, SMALL, Given(())),
        row("constant_pad_nd", lambda lib, x: lib.constant_pad_nd(x, (1, 2, -1, 0), 7)),
        row("detach", lambda lib, x: lib.detach(x), gradient=False),
        _fixed("apply_", lambda lib, x: x.detach().cpu().apply_(lambda v: v + 1).to(x.device)),
        _fixed(
            "map_",
            lambda lib, x: x.detach().cpu().map_(lib.ones(3).to(x.dtype), lambda a, b: a - b).to(x),
        ),
        _fixed(
            "map2_",
            lambda lib, x: (
                x.detach()
                .cpu()
                .map2_(lib.ones(3).to(x.dtype), lib.ones(1).to(x.dtype), lambda a, b, c: a - b * c)
                .to(x)
            ),
        ),
        _fixed("torch.as_strided_", lambda lib, x: lib.as_strided_(x.detach().clone(), (2,), (2,))),
        _fixed("torch.resize_as_", lambda lib, x: lib.resize_as_(x.detach().clone(), x[:2])),
    ]


def _exchange() -> list[Row]:
    shared = np.arange(6.0, dtype=np.float32)

    def there_and_back(lib: ModuleType, x: Tensor) -> Tensor:
        y = x.detach().cpu()
        return lib.from_dlpack(lib.to_dlpack(y)).to(x)

    return [
        _fixed("from_dlpack", lambda lib, x: lib.from_dlpack(shared).to(x)),
        _fixed("to_dlpack", there_and_back),
        _fixed("np.from_dlpack", lambda lib, x: lib.tensor(np.from_dlpack(x.detach().cpu())).to(x)),
        _fixed(
            "frombuffer",
            lambda lib, x: lib.frombuffer(
                bytearray(range(16)), dtype=lib.int32, count=2, offset=4
            ).to(x),
        ),
        _fixed("asarray list", lambda lib, x: lib.asarray([1.5, 2], device=x.device)),
        _fixed("asarray array", lambda lib, x: lib.asarray(shared[::2], dtype=lib.float64).to(x)),
        _fixed("asarray bytes", lambda lib, x: lib.asarray(array("f", [1.0, 2.0])).to(x)),
        _fixed("asarray tensor", lambda lib, x: lib.asarray(x, copy=True)),
    ]


def _facts() -> list[Row]:
    def default_type(lib: ModuleType, x: Tensor) -> Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is deprecated
            try:
                lib.set_default_tensor_type("torch.DoubleTensor")
                return lib.ones(2, device=x.device)
            finally:
                lib.set_default_dtype(lib.float32)

    return [
        _told("is_signed", lambda lib, x: [lib.is_signed(x), x.to(lib.uint8).is_signed()]),
        _told("torch.is_inference", lambda lib, x: lib.is_inference(x)),
        _told("get_device", lambda lib, x: x.cpu().get_device()),
        _told("torch.get_device", lambda lib, x: lib.get_device(x.cpu())),
        _told("dim_order", lambda lib, x: x.permute(1, 2, 0).dim_order(), Given((2, 3, 4))),
        _told("is_set_to", lambda lib, x: [x.is_set_to(x.view(3, 4)), x.is_set_to(x[0])], X),
        _told("is_shared", lambda lib, x: [x.is_shared(), x.is_pinned()]),
        _fixed("share_memory_", lambda lib, x: x.detach().cpu().clone().share_memory_().to(x)),
        _told("is_shared, moved", lambda lib, x: x.cpu().clone().share_memory_().is_shared()),
        _told("is_cpu", lambda lib, x: x.cpu().is_cpu),
        _told("output_nr", lambda lib, x: x.sort()[0].output_nr),
        _told("dense_dim", lambda lib, x: [x.dense_dim(), x.sparse_dim()], X),
        _told("untyped_storage", lambda lib, x: x.t().untyped_storage().nbytes(), X),
        _told("type", lambda lib, x: x.cpu().int().type() == "torch.IntTensor"),
        _fixed("type of a name", lambda lib, x: x.cpu().type("torch.DoubleTensor").to(x.device)),
        _fixed("type of a dtype", lambda lib, x: x.type(lib.int32)),
        _told("layout", lambda lib, x: x.layout == lib.strided),
        _told("shape", lambda lib, x: [*x.shape[1:], x.size().numel(), *x.size()[::-1]], X),
        _fixed(
            "result_type",
            lambda lib, x: lib.ones(2, dtype=lib.result_type(x.to(lib.int32), 2.5)).to(x.device),
        ),
        _fixed("set_default_tensor_type", default_type),
        _told(
            "can_cast",
            lambda lib, x: [
                lib.can_cast(a, b)
                for a in (lib.float64, lib.int64, lib.uint8, lib.bool)
                for b in (lib.float32, lib.int8, lib.bool)
            ],
        ),
    ]


def _formats() -> list[Row]:
    """The words for memory that are accepted, as in PyTorch."""

    def drawn(name: str) -> Call:
        def call(lib: ModuleType, x: Tensor) -> Tensor:
            lib.manual_seed(3)
            return getattr(lib, name)(5, layout=lib.strided, pin_memory=False).to(x.device)

        return call

    return [
        row("clone format", lambda lib, x: x.clone(memory_format=lib.contiguous_format)),
        row("contiguous format", lambda lib, x: x.contiguous(memory_format=lib.contiguous_format)),
        row("to format", lambda lib, x: x.to(lib.float64, memory_format=lib.preserve_format)),
        row("double format", lambda lib, x: x.double(memory_format=lib.preserve_format)),
        _fixed(
            "zeros_like with all words",
            lambda lib, x: lib.zeros_like(
                x, layout=lib.strided, pin_memory=False, memory_format=lib.preserve_format
            ),
        ),
        _fixed(
            "ones with all words",
            lambda lib, x: lib.ones(2, layout=lib.strided, pin_memory=False, device=x.device),
        ),
        *(_fixed(f"{name} with all words", drawn(name)) for name in ("rand", "randn", "randperm")),
        _fixed("new_zeros with all words", lambda lib, x: x.new_zeros(2, layout=lib.strided)),
        _told(
            "is_contiguous format",
            lambda lib, x: [
                x.is_contiguous(memory_format=lib.channels_last),
                x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
                .is_contiguous(memory_format=lib.channels_last),
            ],
            Given((2, 3, 4, 5)),
        ),
    ]  # fmt: skip
