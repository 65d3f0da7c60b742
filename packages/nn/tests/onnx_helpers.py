"""What the tests of ONNX share."""

from collections.abc import Callable

import minitorch as torch
from minitorch import nn

Function = Callable[..., object]


class Of(nn.Module):
    """A function as a module."""

    def __init__(self, function: Function, *modules: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(modules)

    def forward(self, *args: torch.Tensor) -> object:
        return self.function(*args, *self.parts)
