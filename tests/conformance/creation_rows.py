"""Rows: new tensors, what a tensor says of itself, conversions, and random numbers for a seed."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from .table import Call, Given, Row, Tensor, X, row

SMALL = Given((3,))


def rows() -> list[Row]:
    """All of them."""
    return [*_creation(), *_siblings(), *_facts(), *_conversions(), *_random()]


def _fixed(name: str, call: Call, *inputs: Given) -> Row:
    """A row about no function of its input, which gives the dtype and the device."""
    return row(name, call, *(inputs or (SMALL,)), dtypes=False, layouts=False, gradient=False)


def _creation() -> list[Row]:
    def made(name: str, *args: object) -> Row:
        return _fixed(
            f"{name}{args}",
            lambda lib, x: getattr(lib, name)(*args, dtype=x.dtype, device=x.device),
        )

    return [
        made("arange", 5),
        made("arange", 2, 9, 3),
        made("arange", 1.0, 2.0, 0.25),
        made("linspace", -1, 2, 7),
        made("linspace", 3, 3, 1),
        made("eye", 3),
        made("eye", 2, 4),
        made("full", (2, 3), 4.5),
        made("zeros", 2, 3),
        made("ones", (2, 0)),
        _fixed("empty", lambda lib, x: lib.empty(2, 3, dtype=x.dtype, device=x.device).zero_()),
        _fixed("arange int", lambda lib, x: lib.arange(10, 0, -3, device=x.device)),
        _fixed("tensor", lambda lib, x: lib.tensor([[1, 2], [3, 4]], device=x.device)),
        _fixed("as_tensor", lambda lib, x: lib.as_tensor([1.5, True, 2], device=x.device)),
        _fixed("from_numpy", lambda lib, x: lib.from_numpy(np.arange(6.0)).to(x)),
        _fixed("empty_like", lambda lib, x: lib.empty_like(x).fill_(1.0)),
        _fixed("full_like", lambda lib, x: lib.full_like(x, 2.5)),
        _fixed("ones_like", lambda lib, x: lib.ones_like(x, dtype=lib.int64)),
        _fixed("zeros_like", lambda lib, x: lib.zeros_like(x)),
        _fixed("tril of ones", lambda lib, x: lib.ones(3, 3, device=x.device).tril()),
    ]


def _siblings() -> list[Row]:
    return [
        _fixed("new_empty", lambda lib, x: x.new_empty(2, 3).fill_(1)),
        _fixed("new_full", lambda lib, x: x.new_full((2,), 3.5)),
        _fixed("new_ones", lambda lib, x: x.new_ones(2, 2)),
        _fixed("new_zeros", lambda lib, x: x.new_zeros((2,), dtype=lib.int64)),
        _fixed("new_tensor", lambda lib, x: x.new_tensor([1, 2])),
    ]


# Properties and methods that say something of a tensor, as numbers.
_PROPERTIES = ("ndim", "itemsize", "nbytes")
_METHODS = (
    "dim", "ndimension", "numel", "nelement", "element_size", "storage_offset", "is_contiguous",
    "is_floating_point",
)  # fmt: skip


def _facts() -> list[Row]:
    def fact(name: str, of: Call) -> Row:
        def call(lib: ModuleType, x: Tensor) -> Tensor:
            return lib.tensor(of(lib, x[1:, ::2])).to(x.device)

        return _fixed(name, call, X)

    return [
        *(fact(name, lambda lib, x, n=name: getattr(x, n)) for name in _PROPERTIES),
        _fixed(
            "is_leaf, requires_grad, is_cuda, retains_grad",
            lambda lib, x: lib.tensor(
                [x.is_leaf, x.requires_grad, x.is_cuda and False, x.retains_grad]
            ).to(x.device),
        ),
        *(fact(name, lambda lib, x, n=name: getattr(x, n)()) for name in _METHODS),
        fact("size", lambda lib, x: [*x.size(), x.size(0), x.size(-1)]),
        fact("shape", lambda lib, x: list(x.shape)),
        fact("stride", lambda lib, x: [*x.stride(), x.stride(0)]),
        fact("item", lambda lib, x: float(x[0, 0].item())),
        fact("tolist", lambda lib, x: x.tolist()),
        fact("data_ptr", lambda lib, x: x.data_ptr() - x[1:].data_ptr() < 0),
        fact("numel of lib", lambda lib, x: lib.numel(x)),
        fact("is_tensor", lambda lib, x: [lib.is_tensor(x), lib.is_tensor(1)]),
        fact("is_floating_point of lib", lambda lib, x: lib.is_floating_point(x)),
        fact("broadcast_shapes", lambda lib, x: list(lib.broadcast_shapes((3, 1), (1, 4)))),
        fact("equal", lambda lib, x: [lib.equal(x, x.clone()), x.equal(x[:1])]),
        fact("allclose", lambda lib, x: [lib.allclose(x, x + 1e-9), x.allclose(x + 1)]),
        fact("dtype", lambda lib, x: x.dtype.is_floating_point),
        fact("is_grad_enabled", lambda lib, x: lib.is_grad_enabled()),
    ]


def _conversions() -> list[Row]:
    def converted(name: str) -> Row:
        return _fixed(f"x.{name}()", lambda lib, x: getattr(x.abs(), name)(), X)

    return [
        *(
            converted(n)
            for n in ("double", "float", "long", "int", "short", "char", "byte", "bool")
        ),
        _fixed("to dtype", lambda lib, x: x.to(lib.int32)),
        _fixed("to other", lambda lib, x: x.long().to(x)),
        _fixed("type_as", lambda lib, x: x.type_as(x.double())),
        _fixed("detach", lambda lib, x: x.detach()),
        _fixed("detach_", lambda lib, x: x.clone().detach_()),
        _fixed("data", lambda lib, x: x.data),
        _fixed("numpy", lambda lib, x: lib.from_numpy(x.cpu().numpy()).to(x.device)),
        _fixed("clone", lambda lib, x: lib.clone(x)),
        _fixed("promote_types", lambda lib, x: x.to(lib.promote_types(lib.int8, lib.uint8))),
    ]


def _random() -> list[Row]:
    def drawn(name: str, draw: Call) -> Row:
        def call(lib: ModuleType, x: Tensor) -> Tensor:
            lib.manual_seed(1234)
            return draw(lib, x)

        return _fixed(name, call, X)

    def drawn_at(name: str, *args: object) -> Row:
        return drawn(
            f"{name}{args}",
            lambda lib, x: getattr(lib, name)(*args, dtype=x.dtype, device=x.device),
        )

    return [
        drawn_at("rand", 3, 4),
        drawn_at("randn", 17),
        drawn_at("randint", 5, 25, (4, 5)),
        drawn("randperm", lambda lib, x: lib.randperm(20, device=x.device)),
        drawn("rand_like", lambda lib, x: lib.rand_like(x)),
        drawn("randn_like", lambda lib, x: lib.randn_like(x)),
        drawn("bernoulli", lambda lib, x: lib.bernoulli(lib.full_like(x, 0.3))),
        drawn("normal", lambda lib, x: lib.normal(x, 0.5)),
        drawn("uniform_", lambda lib, x: x.clone().uniform_(-2, 3)),
        drawn("normal_", lambda lib, x: x.clone().normal_(1, 2)),
        drawn("bernoulli_", lambda lib, x: x.clone().bernoulli_(0.7)),
        drawn("random_", lambda lib, x: x.clone().random_(3, 50)),
        drawn("exponential_", lambda lib, x: x.clone().exponential_(1.5)),
        drawn("multinomial", lambda lib, x: lib.multinomial(x.abs(), 2)),
        drawn("dropout", lambda lib, x: lib.dropout(x, 0.4, True)),
    ]
