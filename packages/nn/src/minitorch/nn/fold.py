"""Windows of an image as columns of a matrix, and back: a convolution by hand."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F

Ints = int | Sequence[int]


class Windows(Module):
    """What `Unfold` and `Fold` share: the windows."""

    def __init__(
        self, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def extra_repr(self) -> str:
        """The windows."""
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Unfold(Windows):
    """The windows of (n, c, h, w) as columns: (n, c * kernel elements, windows).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html

    Args:
        kernel_size: of a window; one number stands for both, here and below.
        dilation: the distance of the elements that a window sees.
        padding: zeros around the input.
        stride: the distance of the windows.

    >>> import minitorch as torch
    >>> Unfold(2)(torch.ones(1, 3, 4, 5)).shape
    torch.Size([1, 12, 12])
    """

    def forward(self, input: Tensor) -> Tensor:
        """The columns."""
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)


class Fold(Windows):
    """The transpose of `Unfold`: columns added up where their windows lie in an image.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html

    Args:
        output_size: the height and width of the image; the others as for `Unfold`.
        kernel_size: of a window.
        dilation: the distance of the elements that a window sees.
        padding: what is cut off around the image.
        stride: the distance of the windows.

    >>> import minitorch as torch
    >>> Fold((2, 2), kernel_size=(2, 1))(torch.ones(1, 2, 2)).tolist()
    [[[[1.0, 1.0], [1.0, 1.0]]]]
    """

    def __init__(
        self,
        output_size: Ints,
        kernel_size: Ints,
        dilation: Ints = 1,
        padding: Ints = 0,
        stride: Ints = 1,
    ) -> None:
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """The image."""
        return F.fold(
            input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self) -> str:
        """The image and the windows."""
        return f"output_size={self.output_size}, {super().extra_repr()}"
