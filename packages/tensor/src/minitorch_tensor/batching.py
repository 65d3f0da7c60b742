"""`vmap`: a function of samples as a function of batches, by calling it for each sample.

That is its definition, and all there is here: PyTorch runs the batch through each operation at
once, and so is faster, where every operation knows how to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar, overload

import numpy as np

from minitorch_tensor import conversion, joining
from minitorch_tensor.core import Tensor
from minitorch_tensor.random import default_generator
from minitorch_tensor.trees import leaves, mapped, spread, structure

P = ParamSpec("P")
R = TypeVar("R")
Dims = int | Sequence[object] | Mapping[str, object]


def _is_dim(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


@overload
def vmap(
    func: Callable[P, R],
    in_dims: object = 0,
    out_dims: Dims = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[P, R]: ...
@overload
def vmap(
    func: Callable[P, R],
    in_dims: object = 0,
    *,
    out_dims: None,
    randomness: str = "error",
    chunk_size: int | None = None,
) -> Callable[P, R]: ...
def vmap(
    func: Callable[..., object],
    in_dims: object = 0,
    out_dims: object = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., object]:
    """The function that calls func for each sample of a batch, and stacks the results.

    https://docs.pytorch.org/docs/stable/generated/torch.vmap.html

    It is a loop of calls: right for every function, also for those with branches that depend on
    values, but no faster than the loop.

    Args:
        func: a function of tensors, or trees of them, that returns tensors or a tree of them.
        in_dims: for each argument, in its structure, the dimension along which its samples lie;
            None for an argument that each sample shares. One number is for all arguments.
            Arguments given by name are shared.
        out_dims: for each output, where to put the dimension of the batch; None for an output
            that is the same for all samples. One number is for all outputs.
        randomness: "error": func may draw no random numbers; "different": each sample draws its
            own; "same": each draws the same.
        chunk_size: for PyTorch's sake: samples are computed one by one.

    Raises:
        RuntimeError: for another `randomness`; when it is called, if func draws although it may
            not.
        ValueError: when it is called, if `in_dims` or `out_dims` do not fit, batches differ in
            size, or func returns anything but tensors.

    >>> from minitorch_tensor import tensor
    >>> vmap(lambda x: x.sum())(tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([3., 7.], requires_grad=False)
    >>> vmap(lambda x, y: x * y, in_dims=(1, None))(tensor([[1.0, 2.0]]), tensor([10.0]))
    Tensor([[10.],
            [20.]], requires_grad=False)
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            "vmap: Only allowed values for randomness are 'error', 'different', or 'same'. Got "
            f"{randomness}"
        )
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
    name = getattr(func, "__name__", repr(func))

    def batched(*args: object, **kwargs: object) -> object:
        values = list(leaves(args))
        dims = _input_dims(name, in_dims, args, values)
        size = _batch_size(values, dims)

        def call(i: int) -> object:
            sample = iter(
                _sample(value, dim, i, size) for value, dim in zip(values, dims, strict=True)
            )
            return func(*(mapped(lambda _: next(sample), tree) for tree in args), **kwargs)

        results = _each(call, max(size, 1), randomness)
        return _stacked(name, results, out_dims, size)

    return batched


def _input_dims(
    name: str, in_dims: object, args: tuple[object, ...], values: Sequence[object]
) -> list[int | None]:
    """The dimension of the samples for each tensor in args, from 0; None if it is shared.

    Raises:
        ValueError: if `in_dims` do not fit the arguments.
    """
    call = f"vmap({name}, in_dims={in_dims!r}, ...)(<inputs>)"
    if not args:
        raise ValueError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are "
            "trying to vmap over a function with no inputs. The latter is unsupported."
        )
    if in_dims is None or not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{call}: expected `in_dims` to be int or a (potentially nested) tuple matching the "
            f"structure of inputs, got: {type(in_dims)}."
        )
    dims = spread(in_dims, args, _is_dim)
    if dims is None:
        raise ValueError(
            f"{call}: in_dims is not compatible with the structure of `inputs`. in_dims has "
            f"structure {structure(in_dims)} but inputs has structure {structure(args)}."
        )
    found: list[int | None] = []
    for value, dim in zip(values, dims, strict=True):
        if not isinstance(dim, int):
            found.append(None)
        elif not isinstance(value, Tensor):
            raise ValueError(
                f"{call}: Got in_dim={dim} for an input but the input is of type {type(value)}. We "
                "cannot vmap over non-Tensor arguments, please use None as the respective in_dim"
            )
        elif not -value.ndim <= dim < value.ndim:
            raise ValueError(
                f"{call}: Got in_dim={dim} for some input, but that input is a Tensor of "
                f"dimensionality {value.ndim} so expected in_dim to satisfy -{value.ndim} <= "
                f"in_dim < {value.ndim}."
            )
        else:
            found.append(dim % value.ndim)
    if all(dim is None for dim in found):
        raise ValueError(
            f"{call}: none of the inputs has a dimension to map over; give at least one an in_dim"
        )
    return found


def _batch_size(values: Sequence[object], dims: Sequence[int | None]) -> int:
    sizes = [
        value.shape[dim]
        for value, dim in zip(values, dims, strict=True)
        if dim is not None and isinstance(value, Tensor)
    ]
    if len(set(sizes)) != 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return sizes[0]


def _sample(value: object, dim: int | None, i: int, size: int) -> object:
    if dim is None or not isinstance(value, Tensor):
        return value
    if size:
        return value.select(dim, i)
    # An empty batch: zeros stand in, so that func tells the shape of what it returns.
    return value._full(value.shape[:dim] + value.shape[dim + 1 :], 0.0, value.dtype)


def _each(call: Callable[[int], object], count: int, randomness: str) -> list[object]:
    """The results for all samples, with the random numbers that were asked for.

    Raises:
        RuntimeError: if any were drawn that must not be.
    """
    if randomness == "different":
        return [call(i) for i in range(count)]
    before = default_generator.get_state()
    results = []
    for i in range(count):
        if i and randomness == "same":
            default_generator.set_state(before)
        results.append(call(i))
        if i == 0 and randomness == "error" and (default_generator.get_state() != before).any():
            default_generator.set_state(before)
            raise RuntimeError(
                "vmap: called random operation while in randomness error mode. Please either use "
                "the 'same' or 'different' randomness flags on vmap or perform the randomness "
                "operation out of vmap"
            )
    return results


def _stacked(name: str, results: Sequence[object], out_dims: object, size: int) -> object:
    """The results of all samples as one, each tensor in it stacked."""
    first = results[0]
    dims = spread(out_dims, first, _is_dim)
    if dims is None:
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims!r})(<inputs>): out_dims is not compatible with "
            f"the structure of `outputs`. out_dims has structure {structure(out_dims)} but outputs "
            f"has structure {structure(first)}."
        )
    for result in results:
        if structure(result) != structure(first):
            raise ValueError(
                f"vmap({name}, ...): `{name}` must return the same structure for each sample, but "
                f"returned {structure(first)} and {structure(result)}"
            )
    columns = zip(*(list(leaves(result)) for result in results), strict=True)
    joined = iter(
        [_joined(name, column, dim, size) for column, dim in zip(columns, dims, strict=True)]
    )
    return mapped(lambda _: next(joined), first)


def _joined(name: str, column: tuple[object, ...], dim: object, size: int) -> object:
    """One output of all samples."""
    tensors = [y for y in column if isinstance(y, Tensor)]
    if not isinstance(dim, int):
        if tensors and not all(_same(y, tensors[0]) for y in tensors):
            raise ValueError(
                f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None: "
                "its value differs from sample to sample"
            )
        return column[0]
    if len(tensors) < len(column):
        raise ValueError(
            f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(column[0])}. "
            "Did you mean to set out_dims= to None for output?"
        )
    y = joining.stack(tensors, dim)
    return y if size else y.narrow(dim, 0, 0)


def _same(a: Tensor, b: Tensor) -> bool:
    return a is b or np.array_equal(
        conversion.host_array(a), conversion.host_array(b), equal_nan=a.dtype.is_floating_point
    )
