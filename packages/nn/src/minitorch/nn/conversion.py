"""Moving and casting a whole module: what the arguments of `to` ask for, and doing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from minitorch.nn.uninitialized import is_lazy
from minitorch_autodiff import no_grad
from minitorch_tensor import Device, DType, MemoryFormat, Tensor

if TYPE_CHECKING:
    from minitorch.nn.module import Module


def parse(
    args: tuple[str | Device | DType | Tensor | bool | None, ...],
    device: str | Device | None,
    dtype: DType | None,
    memory_format: MemoryFormat | None = None,
) -> Callable[[Tensor], Tensor]:
    """What `to(*args, device=device, dtype=dtype)` does to each tensor of a module.

    Raises:
        TypeError: if a dtype is not floating, or an argument is none of those `to` knows.
    """
    for argument in args:
        if isinstance(argument, Tensor):
            device, dtype = argument.device, argument.dtype
        elif isinstance(argument, DType):
            dtype = argument
        elif isinstance(argument, (str, Device)):
            device = argument
        elif argument is not None and not isinstance(argument, bool):
            raise TypeError(
                f"to() received an invalid argument {argument!r}; expected a device, a dtype, or a "
                "tensor to match"
            )
    if dtype is not None and not dtype.is_floating_point:
        raise TypeError(
            f"nn.Module.to only accepts floating point dtypes, but got desired dtype={dtype}"
        )
    place = None if device is None else Device(device)

    def convert(x: Tensor) -> Tensor:
        # Integer buffers, such as a count of batches, move, but stay integers.
        wanted = dtype if x.is_floating_point() else None
        if memory_format is not None and x.ndim in (4, 5):
            return x.to(device=place, dtype=wanted, memory_format=memory_format)
        return x.to(device=place, dtype=wanted)

    return convert


def apply(module: Module, convert: Callable[[Tensor], Tensor], recurse: bool) -> None:
    """Give every parameter, its gradient and every buffer of a module new values.

    With `recurse`, those of all modules below it too.

    A parameter stays the same object, so an optimizer that holds it goes on working.
    """
    with no_grad():
        for parameter in module.parameters(recurse):
            value = parameter.data
            converted = convert(value)
            if converted is not value:  # the memory stays shared where nothing changes
                parameter.data = converted
            if parameter.grad is not None:
                parameter.grad = convert(parameter.grad)
        for each in module.modules() if recurse else (module,):
            for name, buffer in each._buffers.items():
                if is_lazy(buffer):
                    buffer.data = convert(buffer.data)
                elif buffer is not None:
                    each._buffers[name] = convert(buffer)
