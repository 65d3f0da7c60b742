"""How a fused kernel is compared with the composite it stands for."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from minitorch_tensor import Tensor, from_numpy
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


def compare(
    fused: Callable[..., Tensor],
    composite: Callable[..., Tensor],
    arrays: Sequence[npt.NDArray[np.generic]],
    tolerance: float = 2e-5,
    second: bool = True,
) -> None:
    """Values, gradients and, if asked, the gradients of a function of the gradients."""
    results = []
    for function in (fused, composite):
        inputs = leaves(arrays)
        wanted = [x for x in inputs if x.requires_grad]
        y = function(*inputs)
        seed = from_numpy(random(*y.shape, seed=7).astype(y.dtype.numpy))
        first = grad(y, wanted, seed, retain_graph=True, allow_unused=True)
        found: list[Tensor | None] = [y, *first]
        if second:
            seed.requires_grad = True
            recorded = grad(y, wanted, seed, create_graph=True)
            total = sum(
                ((g * g).sum() for g in recorded if g is not None),
                from_numpy(np.zeros((), y.dtype.numpy)),
            )
            assert isinstance(total, Tensor)
            found += grad(total, [*wanted, seed], allow_unused=True, materialize_grads=True)
        results.append(found)
    for mine, expected in zip(*results, strict=True):
        close(mine, expected, tolerance)
