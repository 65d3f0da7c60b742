"""How a row of the table is run in a library, on a device, and compared with another result."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from _pytest.mark.structures import ParameterSet

import minitorch

from .rows import ROWS
from .table import Array, Row, Tensor

# "numpy" is the reference: it runs everything. On "cpu" each new combination of operator, dtype and
# layout is compiled, which takes a quarter of a second: there every row is run in float32, one in
# twelve in another layout and in another dtype, and of rows that are alike one in twelve (the fast
# package's own tests go through the operators). "cuda" is the simulator.
DEVICES = ["numpy", "cpu", "cuda"]
# Of 16 bits the last two: PyTorch rounds between the steps of some functions, and we of others.
TOLERANCE = {"float64": 1e-9, "float32": 2e-5, "float16": 2**-9, "bfloat16": 2**-6}
WHOLE = ["int64", "int32", "int16", "int8", "uint8", "bool"]
HALF = ["float16", "bfloat16"]
NAMES = ["float64", "float32", *HALF, *WHOLE]


def rows(**wanted: bool) -> list[ParameterSet]:
    """The rows with these flags, named."""
    return [
        pytest.param(row, id=row.name)
        for row in ROWS
        if all(getattr(row, flag) == value for flag, value in wanted.items())
    ]


def rows_on_devices(*devices: tuple[object, ...], **wanted: bool) -> list[ParameterSet]:
    """The rows with these flags, each with each device and what is said beside it."""
    found = [row for row in ROWS if all(getattr(row, flag) == v for flag, v in wanted.items())]
    compiled = {id(row) for row in found if not row.alike}
    compiled |= {id(row) for row in [row for row in found if row.alike][::12]}
    return [
        pytest.param(row, *device, id="-".join([row.name, *map(str, device)]))
        for row in found
        for device in devices
        if device[0] != "cpu" or id(row) in compiled
    ]


def tensors(lib: ModuleType, row: Row, dtype: str, device: str, grad: bool) -> list[Tensor]:
    """The inputs of a row as tensors of one library."""
    made = []
    for i, given in enumerate(row.inputs):
        x = lib.tensor(given.array(i, "float64" if dtype in HALF else dtype))
        if given.floating and dtype in HALF:
            x = x.to(getattr(lib, dtype))
        if lib is minitorch:
            x = x.to(device)
        if given.floating:
            x.requires_grad_(grad)
        made.append(x)
    return made


def weights(lib: ModuleType, y: Tensor, device: str) -> Tensor:
    """A different factor for each element, so that no two gradients can be mixed up."""
    shape = tuple(y.shape)
    values = (1 + np.arange(np.prod(shape, dtype=int)) % 7).reshape(shape).astype("float64")
    w = lib.tensor(values).to(y.dtype)
    return w.to(device) if lib is minitorch else w


def host(x: Tensor) -> Array:
    """A tensor of either library as an array; of 16 bits as float32."""
    x = x.detach()
    if x.dtype.is_floating_point and x.dtype.itemsize == 2:
        x = x.float()
    if isinstance(x, minitorch.Tensor):
        return np.asarray(x.to("cpu").numpy())
    return np.asarray(x.resolve_neg().numpy(force=True))


def name_of(x: Tensor) -> str:
    """The name of a tensor's dtype, the same in either library."""
    return str(x.dtype).split(".")[1]


def assert_same(ours: Tensor, theirs: Tensor, what: str, tolerance: float) -> None:
    """Shape, dtype and numbers; nan equals nan."""
    assert_is(ours, host(theirs), name_of(theirs), what, tolerance)


def assert_is(ours: Tensor, b: Array, dtype: str, what: str, tolerance: float) -> None:
    """That a tensor has this dtype, and the shape and the numbers of b; nan equals nan."""
    assert tuple(ours.shape) == b.shape, what
    assert name_of(ours) == dtype, what
    with np.errstate(over="ignore"):
        a = host(ours).astype(b.dtype)  # another one where a stored result is kept in 32 bits
    scale = (
        tolerance * max(1.0, float(np.nanmax(np.abs(b[np.isfinite(b)]), initial=1.0)))
        if b.dtype.kind == "f"
        else 0
    )
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=scale, err_msg=what)


def gradients(lib: ModuleType, row: Row, dtype: str, device: str, create: bool) -> list[Tensor]:
    """First gradients, or those of the squared norm of the first ones."""
    inputs = tensors(lib, row, dtype, device, True)
    y = row.call(lib, *inputs)
    wanted = [x for x in inputs if x.requires_grad]
    first = lib.autograd.grad(
        (y * weights(lib, y, device)).sum(), wanted, create_graph=create, materialize_grads=True
    )
    if not create:
        return list(first)
    total = sum((g * g).sum() for g in first)
    if not total.requires_grad:
        return [x.detach() * 0 for x in wanted]
    return list(lib.autograd.grad(total, wanted, materialize_grads=True))
