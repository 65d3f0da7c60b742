"""How a fused kernel is compared with the composite it stands for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

import numpy as np
import numpy.typing as npt

from minitorch_tensor import Device, NumpyBackend, Tensor, from_numpy, register_backend
from minitorch_tensor.autograd import grad

Values = npt.NDArray[np.float64]


def values(x: Tensor) -> Values:
    """The elements as float64."""
    return np.asarray(x.detach().numpy(), np.float64)


def random(*shape: int, seed: int = 0) -> npt.NDArray[np.float64]:
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def leaves(arrays: Sequence[npt.NDArray[np.generic]]) -> list[Tensor]:
    found = [from_numpy(a.copy()) for a in arrays]
    for x in found:
        x.requires_grad = x.dtype.is_floating_point
    return found


def close(a: Tensor | None, b: Tensor | None, tolerance: float) -> None:
    assert a is not None
    assert b is not None
    assert a.shape == b.shape
    assert a.dtype is b.dtype
    expected = values(b)
    finite = expected[np.isfinite(expected)]
    scale = float(np.abs(finite).max(initial=1e-6))
    np.testing.assert_allclose(values(a), expected, rtol=tolerance, atol=tolerance * scale)


def second_gradients(y: Tensor, wanted: Sequence[Tensor], seed: Tensor) -> Sequence[Tensor | None]:
    """The gradients of the sum of the squares of the gradients."""
    seed.requires_grad = True
    recorded = grad(y, wanted, seed, create_graph=True)
    total = sum(
        ((g * g).sum() for g in recorded if g is not None),
        from_numpy(np.zeros((), y.dtype.numpy)),
    )
    assert isinstance(total, Tensor)
    return grad(total, [*wanted, seed], allow_unused=True, materialize_grads=True)


@contextmanager
def by_numpy() -> Iterator[None]:
    """NumPy computes on "cpu": it compiles nothing, and shares no code with what is tested."""
    before = Device("cpu").backend
    register_backend("cpu", NumpyBackend())
    try:
        yield
    finally:
        register_backend("cpu", before)


def compare(
    fused: Callable[..., Tensor],
    composite: Callable[..., Tensor],
    arrays: Sequence[npt.NDArray[np.generic]],
    tolerance: float = 2e-5,
    second: bool = True,
) -> None:
    """Values, gradients and, if asked, the gradients of a function of the gradients.

    The composite is NumPy's, and so is what a fused node records for second gradients, which is its
    composite too: no kernel of its own computes them.
    """
    results = []
    for function in (fused, composite):
        inputs = leaves(arrays)
        wanted = [x for x in inputs if x.requires_grad]
        with nullcontext() if function is fused else by_numpy():
            y = function(*inputs)
            seed = from_numpy(random(*y.shape, seed=7).astype(y.dtype.numpy))
            first = grad(y, wanted, seed, retain_graph=True, allow_unused=True)
        found: list[Tensor | None] = [y, *first]
        if second:
            with by_numpy():
                found += second_gradients(y, wanted, seed)
        results.append(found)
    for mine, expected in zip(*results, strict=True):
        close(mine, expected, tolerance)
