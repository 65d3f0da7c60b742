"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from minitorch.nn.parameter import typename
from minitorch_tensor import Tensor, cat

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of all parameters, in order, as one vector.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html

    Raises:
        TypeError: if they are on different devices.

    >>> parameters_to_vector([Tensor([1.0]), Tensor([[2.0, 3.0]])]).tolist()
    [1.0, 2.0, 3.0]
    """
    every = list(parameters)
    devices = {p.device for p in every}
    if len(devices) > 1:
        raise TypeError(
            "parameters_to_vector: Found two parameters on different devices, this is currently "
            f"not supported: {', '.join(sorted(map(str, devices)))}"
        )
    return cat([p.reshape(-1) for p in every])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give the parameters the elements of a vector: the inverse of `parameters_to_vector`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html

    Raises:
        TypeError: if `vec` is no tensor.
        RuntimeError: if it has not exactly the elements that the parameters have.

    >>> p = Tensor([[0.0, 0.0]])
    >>> vector_to_parameters(Tensor([1.0, 2.0]), [p])
    >>> p.tolist()
    [[1.0, 2.0]]
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected minitorch.Tensor, but got: {typename(vec)}")
    every = list(parameters)
    wanted = sum(p.numel() for p in every)
    if vec.numel() != wanted:
        raise RuntimeError(
            f"vector_to_parameters: the parameters have {wanted} elements, but the vector has "
            f"{vec.numel()}"
        )
    position = 0
    for p in every:
        piece = vec.detach()[position : position + p.numel()]
        p.data = piece.reshape(p.shape).clone()
        position += p.numel()
