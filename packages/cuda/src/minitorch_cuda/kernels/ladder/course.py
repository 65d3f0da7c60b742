"""map, zip and reduce for tensors of any shape and strides: the three kernels of the course.

A tensor comes as its storage and three small arrays of numbers, its shape and its strides. Thread i
makes the i-th element of the result: it turns i into an index (`to_index`), drops the dimensions
that an operand has not, or has only once (`broadcast_index`), and turns the index into a position
in the operand's storage (`index_to_position`).

    map:     out[index] = fn(x[index])
    zip:     out[index] = fn(a[index], b[index])
    reduce:  out[index] = fn(fn(x[..., 0, ...], x[..., 1, ...]), ...) along one dimension: a block
             an output, whose threads fold in shared memory, half of them at each step

`pointwise` and `reduce` beside this folder do the same with less work: dimensions are collapsed on
the host, what has a regular order needs no index at all, and shapes come as plain numbers.

Source: https://minitorch.github.io/module3/module3/
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from types import FunctionType

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates import Gate
from minitorch_cuda.kernel import Kernel, Parameter, hand_written
from minitorch_cuda.simulator import LocalArray, Pointer

T: cuda.ValueType = cuda.float32
MAX_DIMS = 8
BLOCK = 32
"""Threads of a block of `reduce`: a power of two."""


def identity(x: float) -> float:
    """The function that `map_kernel` and others put another one in the place of."""
    return x


def first(a: float, b: float) -> float:
    """Likewise, with two arguments."""
    return a


unary = identity
binary = first


def to_index(position: int, shape: Pointer[int], dims: int, index: LocalArray[float]) -> None:
    """The index of the element number `position`, row by row: the last dimension runs fastest."""
    rest = position
    for k in range(dims):
        d = dims - 1 - k
        index[d] = rest % shape[d]
        rest = rest // shape[d]


def position_of(
    index: LocalArray[float], dims: int, shape: Pointer[int], strides: Pointer[int], own: int
) -> int:
    """Where the element of a tensor of `own` dimensions is that meets `index` of `dims`.

    Dimensions are matched from the last one; one of size 1 is read again and again. Strides times
    indices, added up, give the position.
    """
    position = 0
    for d in range(own):
        i = int(index[dims - own + d])
        if shape[d] > 1:
            position += i * strides[d]
    return position


def tensor_map(
    out: Pointer[float],
    x: Pointer[float],
    out_shape: Pointer[int],
    out_strides: Pointer[int],
    x_shape: Pointer[int],
    x_strides: Pointer[int],
    size: int,
    dims: int,
    x_dims: int,
) -> None:
    """out[index] = fn(x[index]), x being broadcast to the shape of out."""
    index = cuda.local.array(MAX_DIMS, cuda.int64)
    i = cuda.grid(1)
    if i < size:
        to_index(i, out_shape, dims, index)
        at = position_of(index, dims, out_shape, out_strides, dims)
        out[at] = unary(x[position_of(index, dims, x_shape, x_strides, x_dims)])


def tensor_zip(
    out: Pointer[float],
    a: Pointer[float],
    b: Pointer[float],
    out_shape: Pointer[int],
    out_strides: Pointer[int],
    a_shape: Pointer[int],
    a_strides: Pointer[int],
    b_shape: Pointer[int],
    b_strides: Pointer[int],
    size: int,
    dims: int,
    a_dims: int,
    b_dims: int,
) -> None:
    """out[index] = fn(a[index], b[index]), both being broadcast to the shape of out."""
    index = cuda.local.array(MAX_DIMS, cuda.int64)
    i = cuda.grid(1)
    if i < size:
        to_index(i, out_shape, dims, index)
        at = position_of(index, dims, out_shape, out_strides, dims)
        left = a[position_of(index, dims, a_shape, a_strides, a_dims)]
        right = b[position_of(index, dims, b_shape, b_strides, b_dims)]
        out[at] = binary(left, right)


def tensor_reduce(
    out: Pointer[float],
    x: Pointer[float],
    out_shape: Pointer[int],
    out_strides: Pointer[int],
    x_shape: Pointer[int],
    x_strides: Pointer[int],
    dims: int,
    along: int,
    start: float,
) -> None:
    """out[index] = fold of fn over x along one dimension, of which out has one element.

    As many blocks as out has elements, each of BLOCK threads. A thread folds every BLOCK-th element
    by itself; then half of the threads fold what the other half has, again and again.
    """
    cache = cuda.shared.array(BLOCK, T)
    index = cuda.local.array(MAX_DIMS, cuda.int64)
    me = cuda.threadIdx.x
    to_index(cuda.blockIdx.x, out_shape, dims, index)
    at = position_of(index, dims, out_shape, out_strides, dims)
    first_of_x = position_of(index, dims, x_shape, x_strides, dims)  # the index along is 0
    total = T(start)
    for j in range(me, x_shape[along], BLOCK):
        total = binary(total, x[first_of_x + j * x_strides[along]])
    cache[me] = total
    cuda.syncthreads()
    half = BLOCK // 2
    while half > 0:
        if me < half:
            cache[me] = binary(cache[me], cache[me + half])
        cuda.syncthreads()
        half = half // 2
    if me == 0:
        out[at] = cache[0]


def _parameters(function: Callable[..., None], numbers: int) -> tuple[Parameter, ...]:
    """Storages of float32, shapes and strides of int64, then numbers: as the names say."""
    assert isinstance(function, FunctionType)
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    pointers, scalars = names[: len(names) - numbers], names[len(names) - numbers :]
    return (
        *(
            Parameter(name, "int64" if "_s" in name else "float32", pointer=True)
            for name in pointers
        ),
        *(Parameter(name, "float32" if name == "start" else "int64") for name in scalars),
    )


@lru_cache(maxsize=64)
def map_kernel(fn: Callable[[float], float]) -> Kernel:
    """`tensor_map` for one function of a float."""
    return hand_written(tensor_map, _parameters(tensor_map, 3), "float32", unary=fn)


@lru_cache(maxsize=64)
def zip_kernel(fn: Callable[[float, float], float]) -> Kernel:
    """`tensor_zip` for one function of two floats."""
    return hand_written(tensor_zip, _parameters(tensor_zip, 4), "float32", binary=fn)


@lru_cache(maxsize=64)
def fold_kernel(fn: Callable[[float, float], float]) -> Kernel:
    """`tensor_reduce` for one function of two floats, which must be associative."""
    return hand_written(tensor_reduce, _parameters(tensor_reduce, 3), "float32", binary=fn)


# An index of MAX_DIMS numbers that is reached by variables cannot be registers: 64 bytes of stack.
GATES = (
    Gate("course tensor_map", partial(map_kernel, identity), registers=40, stack=64),
    Gate("course tensor_zip", partial(zip_kernel, first), registers=40, stack=64),
    Gate("course tensor_reduce", partial(fold_kernel, first), registers=40, stack=64),
)
