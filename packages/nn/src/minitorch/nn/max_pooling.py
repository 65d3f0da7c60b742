"""Max pooling: the largest element of each window, and on request where it was.

With `return_indices` a pooling gives two tensors. To a type checker these classes are generic in
what they give: a plain `MaxPool2d` is a `MaxPool2d[Tensor]`; write
`MaxPool2d[tuple[Tensor, Tensor]](2, return_indices=True)` for the pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from minitorch.nn.module import Module
from minitorch.nn.sizes import repeated
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F

if TYPE_CHECKING:
    R = TypeVar("R", default=Tensor)
else:  # Python 3.13 is the first whose TypeVar has a default, which only checkers read
    R = TypeVar("R")

Ints = int | Sequence[int]
Ratios = float | Sequence[float]


class MaxPool(Module, Generic[R]):
    """What `MaxPool1d` to `MaxPool3d` share: all but the name of their function."""

    function: ClassVar[str]

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> R:
        """The largest element of each window; with `return_indices` its place too."""
        window = (self.kernel_size, self.stride, self.padding, self.dilation)
        found: R = getattr(F, self.function)(input, *window, self.ceil_mode, self.return_indices)
        return found

    def extra_repr(self) -> str:
        """The window."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(MaxPool[R], Generic[R]):
    """The largest element of each window of (n, c, length).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html

    Args:
        kernel_size: the size of the window.
        stride: the distance of its steps; `kernel_size` if omitted.
        padding: minus infinities before and after the input, at most half of `kernel_size`.
        dilation: the distance of the elements that a window sees.
        return_indices: give the places of the elements too, for `MaxUnpool1d`.
        ceil_mode: let the last window hang over the edge.

    >>> import minitorch as torch
    >>> MaxPool1d(2)(torch.tensor([[[1.0, 3.0, 2.0, 0.0]]])).tolist()
    [[[3.0, 2.0]]]
    """

    function = "max_pool1d"


class MaxPool2d(MaxPool[R], Generic[R]):
    """The largest element of each window of (n, c, h, w).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html

    Args:
        kernel_size: the height and width of the window; one number stands for both, here and below.
        stride: the distance of its steps; `kernel_size` if omitted.
        padding: minus infinities around the input, at most half of `kernel_size`.
        dilation: the distance of the elements that a window sees.
        return_indices: give the places of the elements too, as numbers in h * w.
        ceil_mode: let the last windows hang over the edge.

    >>> import minitorch as torch
    >>> MaxPool2d(2)(torch.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[5.0, 7.0], [13.0, 15.0]]]]
    """

    function = "max_pool2d"


class MaxPool3d(MaxPool[R], Generic[R]):
    """The largest element of each window of (n, c, d, h, w); see `MaxPool2d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html

    >>> import minitorch as torch
    >>> MaxPool3d(2)(torch.arange(8.0).reshape(1, 1, 2, 2, 2)).item()
    7.0
    """

    function = "max_pool3d"


class FractionalMaxPool(Module, Generic[R]):
    """What `FractionalMaxPool2d` and `FractionalMaxPool3d` share: all but the function."""

    function: ClassVar[str]
    dimensions: ClassVar[int]
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: Ints,
        output_size: Ints | None = None,
        output_ratio: Ratios | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        n, name = self.dimensions, self._get_name()
        self.kernel_size = repeated(kernel_size, n)
        if min(self.kernel_size) <= 0:
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else repeated(output_size, n)
        self.output_ratio = None if output_ratio is None else repeated(output_ratio, n)
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"{name} requires specifying either an output size, or a pooling ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> R:
        """The largest element of each window; with `return_indices` its place too."""
        found: R = getattr(F, self.function)(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )
        return found


class FractionalMaxPool2d(FractionalMaxPool[R], Generic[R]):
    """The largest element of windows of (n, c, h, w) whose places are drawn at random.

    Source: Graham 2014, https://arxiv.org/abs/1412.6071
    https://docs.pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html

    Args:
        kernel_size: the height and width of the window; one number stands for both, here and below.
        output_size: the height and width of the output; or
        output_ratio: by what to multiply those of the input, from 0 to 1.
        return_indices: give the places of the elements too.

    Raises:
        ValueError: if the numbers make no sense, or not exactly one of size and ratio is given.
    """

    function = "fractional_max_pool2d"
    dimensions = 2


class FractionalMaxPool3d(FractionalMaxPool[R], Generic[R]):
    """The largest element of windows of (n, c, d, h, w) at random; see `FractionalMaxPool2d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool3d.html
    """

    function = "fractional_max_pool3d"
    dimensions = 3


class MaxUnpool(Module):
    """What `MaxUnpool1d` to `MaxUnpool3d` share: the window."""

    dimensions: ClassVar[int]

    def __init__(self, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0) -> None:
        super().__init__()
        n = self.dimensions
        self.kernel_size = repeated(kernel_size, n)
        self.stride = self.kernel_size if stride is None else repeated(stride, n)
        self.padding = repeated(padding, n)

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(MaxUnpool):
    """What `MaxPool1d` kept, where it was; zeros elsewhere.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html

    Args:
        kernel_size: that of the pooling, as are the others.
        stride: the distance of its steps.
        padding: before and after its input.

    >>> pool = MaxPool1d(2, return_indices=True)
    >>> MaxUnpool1d(2)(*pool(Tensor([[[1.0, 3.0, 2.0, 0.0]]]))).tolist()
    [[[0.0, 3.0, 2.0, 0.0]]]
    """

    dimensions = 1

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        """The elements at their places in an output of the given size, or of the least one."""
        window = (self.kernel_size, self.stride, self.padding)
        return F.max_unpool1d(input, indices, *window, output_size)


class MaxUnpool2d(MaxUnpool):
    """What `MaxPool2d` kept, where it was; zeros elsewhere; see `MaxUnpool1d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
    """

    dimensions = 2

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        """The elements at their places in an output of the given size, or of the least one."""
        window = (self.kernel_size, self.stride, self.padding)
        return F.max_unpool2d(input, indices, *window, output_size)


class MaxUnpool3d(MaxUnpool):
    """What `MaxPool3d` kept, where it was; zeros elsewhere; see `MaxUnpool1d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
    """

    dimensions = 3

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        """The elements at their places in an output of the given size, or of the least one."""
        window = (self.kernel_size, self.stride, self.padding)
        return F.max_unpool3d(input, indices, *window, output_size)
