"""Cut the gradients of all parameters at once.

`foreach` chooses among PyTorch's own ways of doing so: here it is accepted, and changes nothing.
"""

from __future__ import annotations

import math
import types
import warnings
from collections.abc import Iterable

from minitorch_autodiff import no_grad
from minitorch_tensor import Tensor, stack, tensor
from minitorch_tensor.device import Device
from minitorch_tensor.functional.optim_steps import Parameters, scale_all, total_norm

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
]


def _listed(tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _by_device(tensors: Iterable[Tensor]) -> list[Parameters]:
    """Tensors of one device together: kernels take all of them at once."""
    groups: dict[Device, Parameters] = {}
    for x in tensors:
        groups.setdefault(x.device, Parameters()).append(x)
    return list(groups.values())


@no_grad()
def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all elements of all tensors together, a 0-d tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html

    Args:
        tensors: one or many.
        norm_type: p of the p-norm; inf for the largest absolute value.
        error_if_nonfinite: raise instead of returning nan or inf.
        foreach: changes nothing.

    Raises:
        RuntimeError: if the norm is not finite, and `error_if_nonfinite`.

    >>> get_total_norm([Tensor([3.0]), Tensor([4.0])]).item()
    5.0
    """
    norm_type = float(norm_type)
    norms = [total_norm(group, norm_type) for group in _by_device(_listed(tensors))]
    if not norms:
        return tensor(0.0)
    total = norms[0]
    if len(norms) > 1:
        total = stack([norm.to(total.device) for norm in norms]).norm(norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            "so it cannot be clipped. To disable this error and scale the gradients by the "
            "non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scale all gradients by max_norm / total_norm, unless that is more than 1, in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grads_with_norm_.html

    Args:
        parameters: those with the gradients.
        max_norm: the largest norm allowed.
        total_norm: what `get_total_norm` gave, a 0-d tensor.
        foreach: changes nothing.
    """
    # Multiplied also where it is 1: a comparison would have to wait for the device.
    factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    grads = [p.grad for p in _listed(parameters) if p.grad is not None]
    for group in _by_device(grads):
        scale_all(group, factor.to(group.device))


@no_grad()
def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by one factor, so that their total norm is at most `max_norm`, in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html

    Args:
        parameters: those with the gradients; what has none does not count.
        max_norm: the largest norm allowed.
        norm_type: p of the p-norm; inf for the largest absolute value.
        error_if_nonfinite: raise instead of scaling by nan or inf.
        foreach: changes nothing.

    Returns:
        The total norm before, a 0-d tensor.

    Raises:
        RuntimeError: if the norm is not finite, and `error_if_nonfinite`.

    >>> p = Tensor([0.0, 0.0])
    >>> p.grad = Tensor([3.0, 4.0])
    >>> clip_grad_norm_(p, 1.0).item()
    5.0
    >>> p.grad
    Tensor([0.6000, 0.8000], requires_grad=False)
    """
    listed = _listed(parameters)
    if not listed and isinstance(parameters, types.GeneratorType):
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3
        )
    grads = [p.grad for p in listed if p.grad is not None]
    total = get_total_norm(grads, norm_type, error_if_nonfinite)
    clip_grads_with_norm_(listed, max_norm, total)
    return total


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """`clip_grad_norm_`: a deprecated name, as in PyTorch."""
    warnings.warn(
        "`minitorch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`minitorch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite)


@no_grad()
def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Cut every element of the gradients to [-clip_value, clip_value], in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html

    Args:
        parameters: those with the gradients.
        clip_value: the largest absolute value allowed.
        foreach: changes nothing.
    """
    for p in _listed(parameters):
        if p.grad is not None:
            p.grad.clamp_(min=-float(clip_value), max=float(clip_value))
