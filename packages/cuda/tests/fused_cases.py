"""How a fused kernel is compared with the composite it stands for, in the simulator."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.autograd import grad
from minitorch_tensor.dtype import DType, float32

Values = npt.NDArray[np.float64]


def values(x: Tensor) -> Values:
    """The elements as float64."""
    return np.asarray(x.detach().to("cpu").double().numpy(), np.float64)


def random(*shape: int, seed: int = 0) -> Values:
    """Normal numbers, the same each time."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def on(device: str, array: npt.NDArray[np.generic], dtype: DType = float32) -> Tensor:
    """An array as a tensor there; floats in `dtype`, and to be differentiated."""
    x = from_numpy(np.array(array))
    if x.dtype.is_floating_point:
        x = x.to(dtype)
    x = x.to(device)
    x.requires_grad = x.dtype.is_floating_point
    return x


def close(mine: Tensor | None, other: Tensor | None, tolerance: float) -> None:
    """Compare shapes, dtypes and numbers."""
    assert (mine is None) == (other is None)
    if mine is None or other is None:
        return
    assert mine.shape == other.shape
    assert mine.dtype is other.dtype
    expected = values(other)
    finite = expected[np.isfinite(expected)]
    scale = float(np.abs(finite).max(initial=1e-6))
    np.testing.assert_allclose(values(mine), expected, rtol=tolerance, atol=tolerance * scale)


TOLERANCES = {"float32": 2e-5, "float64": 1e-11, "float16": 4e-3, "bfloat16": 3e-2}


def compare(
    fused: Callable[..., Tensor],
    composite: Callable[..., Tensor],
    arrays: Sequence[npt.NDArray[np.generic]],
    dtype: DType = float32,
    second: bool = False,
) -> None:
    """Values, gradients and, if asked, the gradients of a function of the gradients.

    The kernel runs on "cuda", the composite on NumPy.
    """
    results = []
    for function, device in ((fused, "cuda"), (composite, "numpy")):
        inputs = [on(device, a, dtype) for a in arrays]
        wanted = [x for x in inputs if x.requires_grad]
        y = function(*inputs)
        seed = on(device, random(*y.shape, seed=7), y.dtype).detach()
        first = grad(y, wanted, seed, retain_graph=True, allow_unused=True)
        found: list[Tensor | None] = [y, *first]
        if second:
            seed.requires_grad = True
            recorded = grad(y, wanted, seed, create_graph=True, allow_unused=True)
            terms = [(g * g).sum() for g in recorded if g is not None]
            total = terms[0]
            for term in terms[1:]:
                total = total + term
            found += grad(total, [*wanted, seed], allow_unused=True, materialize_grads=True)
        results.append(found)
    for mine, expected in zip(*results, strict=True):
        close(mine, expected, TOLERANCES[dtype.name])
