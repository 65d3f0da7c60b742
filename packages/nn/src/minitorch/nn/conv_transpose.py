"""Transposed convolutions: each element of the input stamps the filter into a larger output."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch.nn.conv import Filters, Ints
from minitorch_tensor import Device, DType, Tensor
from minitorch_tensor import functional as F
from minitorch_tensor.arguments import require_tensor


class TransposedConvolution(Filters):
    """What `ConvTranspose1d` to `ConvTranspose3d` share: their arguments, and which output size.

    Several sizes of the input of a strided convolution give the same output; `output_size`, or
    `output_padding`, says which of them is meant.
    """

    transposed = True
    padding: tuple[int, ...]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Ints = 1,
        padding_mode: str = "zeros",
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {self._get_name()}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _output_padding(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """What to add at the ends, such that the output is as large as asked for.

        Raises:
            ValueError: if no output is as large, or the number of sizes does not fit.
        """
        require_tensor(self._get_name(), "input", input)
        if output_size is None:
            return self.output_padding
        n = self.dimensions
        other = 2 if input.ndim == n + 2 else 1  # the batch and the channels
        wanted = list(output_size[other:] if len(output_size) == other + n else output_size)
        if len(wanted) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.ndim}D input, output_size must have {n} or "
                f"{other + n} elements (got {len(wanted)})"
            )
        numbers = zip(
            input.shape[other:],
            self.stride,
            self.padding,
            self.dilation,
            self.kernel_size,
            strict=True,
        )
        least = [(size - 1) * s - 2 * p + d * (k - 1) + 1 for size, s, p, d, k in numbers]
        most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
        for size, low, high in zip(wanted, least, most, strict=True):
            if not low <= size <= high:
                raise ValueError(
                    f"requested an output size of {wanted}, but valid sizes range from {least} to "
                    f"{most} (for an input of {input.shape[2:]})"
                )
        return tuple(size - low for size, low in zip(wanted, least, strict=True))


class ConvTranspose1d(TransposedConvolution):
    """The transpose of `Conv1d`: (n, c, length) -> (n, out_channels, new length).

    Source: Zeiler et al. 2010, https://doi.org/10.1109/CVPR.2010.5539957
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html

    Args:
        in_channels: c.
        out_channels: the number of channels of the output.
        kernel_size: the length of a filter.
        stride: the distance of its stamps.
        padding: how much is cut off before and after the output.
        output_padding: how much is added after it, less than `stride` or `dilation`.
        groups: of channels that do not see one another.
        bias: whether there is one.
        dilation: the distance of the elements of a filter.
        padding_mode: "zeros".
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> ConvTranspose1d(2, 4, 3, stride=2)(torch.ones(1, 2, 5)).shape
    torch.Size([1, 4, 11])
    """

    dimensions = 1

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The stamped output, plus the bias; of a given size, or with `output_padding`."""
        return F.conv_transpose1d(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self._output_padding(input, output_size),
            self.groups,
            self.dilation,
        )


class ConvTranspose2d(TransposedConvolution):
    """The transpose of `Conv2d`: (n, c, h, w) -> (n, out_channels, new h, new w).

    See `ConvTranspose1d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """

    dimensions = 2

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The stamped output, plus the bias; of a given size, or with `output_padding`."""
        return F.conv_transpose2d(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self._output_padding(input, output_size),
            self.groups,
            self.dilation,
        )


class ConvTranspose3d(TransposedConvolution):
    """The transpose of `Conv3d`: (n, c, d, h, w) -> (n, out_channels, new d, h, w).

    See `ConvTranspose1d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
    """

    dimensions = 3

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The stamped output, plus the bias; of a given size, or with `output_padding`."""
        return F.conv_transpose3d(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self._output_padding(input, output_size),
            self.groups,
            self.dilation,
        )
