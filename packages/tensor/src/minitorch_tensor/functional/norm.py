"""Normalisations: mean 0 and variance 1 over some dimensions, then a learned scale and shift."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch_autodiff import no_grad
from minitorch_tensor import views
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import DType, finfo
from minitorch_tensor.functional.checks import require_alike, require_floating
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import Op


def _standardised(x: Tensor, dims: tuple[int, ...], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """(x - mean) / sqrt(variance + eps), the mean and the variance, with size 1 along `dims`.

    All three in float32 for 16-bit floats; `_affine` rounds the end of it.
    """
    x = x.float() if x.dtype.half else x
    mean = x.mean(dims, True)
    centred = x - mean
    variance = centred.square().mean(dims, True)
    return centred * (variance + eps).rsqrt(), mean, variance


def _affine(y: Tensor, weight: Tensor | None, bias: Tensor | None, dtype: DType) -> Tensor:
    if weight is not None:
        y = y * weight
    return (y if bias is None else y + bias).to(dtype)


def check_batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
) -> None:
    """Refuse what does not fit: input (n, channels, ...), all others (channels,).

    Raises:
        ValueError: when training with one value for each channel, or if only one running statistic
            is given.
        RuntimeError: if shapes, dtypes or devices do not fit, or without statistics to evaluate
            with.
    """
    _check_channels("batch_norm", input, running_mean, running_var, weight, bias)
    if training:
        _require_several("batch_norm", input.shape, input.shape)
    elif running_mean is None:
        raise RuntimeError("batch_norm: running_mean must be defined in evaluation mode")


def _check_channels(
    name: str,
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
) -> None:
    """Refuse an input that is not (n, channels, ...), and anything else that is not (channels,)."""
    require_floating(name, input)
    if input.ndim < 2:
        raise RuntimeError(
            f"{name}: expected an input of shape (n, channels, ...), but got {input.shape}"
        )
    if (running_mean is None) != (running_var is None):
        raise ValueError(
            f"{name}: running_mean and running_var must either both be None or neither be None"
        )
    for what, other in (
        ("running_mean", running_mean),
        ("running_var", running_var),
        ("weight", weight),
        ("bias", bias),
    ):
        if other is not None and other.shape != (input.shape[1],):
            raise RuntimeError(
                f"{name}: {what} should contain {input.shape[1]} elements not "
                f"{other.layout.size}: its shape is {other.shape}, and that of the input "
                f"{input.shape}"
            )
        require_alike(name, input, what, other)


def _require_several(name: str, shape: Shape, given: Shape) -> None:
    """Refuse a batch with a single value for each channel: its variance is 0."""
    if shape[0] * math.prod(shape[2:]) == 1:
        raise ValueError(
            f"{name}: Expected more than 1 value per channel when training, got input size {given}"
        )


@Op
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, with one mean and variance for each channel.

    Ioffe and Szegedy 2015, arXiv:1502.03167;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html

    Args:
        input: (n, channels, ...), floating.
        running_mean: (channels,), or None. When training it becomes
            (1 - momentum) * running_mean + momentum * mean, in place; else it is the mean.
        running_var: (channels,), or None; likewise with the unbiased variance, over count - 1.
        weight: (channels,).
        bias: (channels,).
        training: normalise with the statistics of the batch.
        momentum: how fast the running statistics follow.
        eps: keeps the quotient finite.

    Raises:
        ValueError: when training with one value for each channel, or if only one running statistic
            is given.
        RuntimeError: if shapes, dtypes or devices do not fit, or without statistics to evaluate
            with.

    >>> batch_norm(Tensor([[1.0], [3.0]]), None, None, training=True, eps=0.0)
    Tensor([[-1.],
            [ 1.]], requires_grad=False)
    """
    check_batch_norm(input, running_mean, running_var, weight, bias, training)
    channels = input.shape[1]
    shape = (channels,) + (1,) * (input.ndim - 2)
    if training:
        dims = (0, *range(2, input.ndim))
        y, mean, variance = _standardised(input, dims, eps)
        if running_mean is not None and running_var is not None and input.layout.size:
            count = input.layout.size // channels
            with no_grad():
                unbiased = variance * (count / (count - 1))
                _follow(running_mean, mean, momentum)
                _follow(running_var, unbiased, momentum)
    else:
        assert running_mean is not None
        assert running_var is not None
        centred = input - views.reshape(running_mean, shape)
        y = centred * views.reshape((running_var + eps).rsqrt(), shape)
    return _affine(
        y,
        None if weight is None else views.reshape(weight, shape),
        None if bias is None else views.reshape(bias, shape),
        input.dtype,
    )


def check_instance_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
) -> None:
    """Refuse what cannot be normalised by the statistics of each sample.

    Raises:
        ValueError: with one value for each channel of a sample, or one running statistic only.
        RuntimeError: if shapes, dtypes or devices do not fit.
    """
    if math.prod(input.shape[2:]) == 1:
        raise ValueError(
            "instance_norm: Expected more than 1 spatial element when training, got input size "
            f"{input.shape}"
        )
    _check_channels("instance_norm", input, running_mean, running_var, weight, bias)


@Op
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, over the positions of each channel of a sample.

    Ulyanov, Vedaldi and Lempitsky 2016, arXiv:1607.08022;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html

    Args:
        input: (n, channels, ...), floating.
        running_mean: (channels,), or None: follows the mean of all means, or is the mean to use.
        running_var: (channels,), or None; likewise with the unbiased variances.
        weight: (channels,).
        bias: (channels,).
        use_input_stats: whether each sample is normalised by its own statistics.
        momentum: how fast the running statistics follow.
        eps: keeps the quotient finite.

    Raises:
        ValueError: with one value for each channel of a sample, or one running statistic only.
        RuntimeError: if shapes, dtypes or devices do not fit, or without statistics to use.

    >>> instance_norm(Tensor([[[1.0, 3.0], [0.0, 20.0]]]), eps=0.0).tolist()
    [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    check_instance_norm(input, running_mean, running_var, weight, bias)
    y, mean, variance = _standardised(input, tuple(range(2, input.ndim)), eps)
    if running_mean is not None and running_var is not None and input.layout.size:
        count = math.prod(input.shape[2:])
        with no_grad():
            _follow(running_mean, mean.mean(0), momentum)
            _follow(running_var, variance.mean(0) * (count / (count - 1)), momentum)
    shape = (input.shape[1],) + (1,) * (input.ndim - 2)
    return _affine(
        y,
        None if weight is None else views.reshape(weight, shape),
        None if bias is None else views.reshape(bias, shape),
        input.dtype,
    )


def _follow(running: Tensor, new: Tensor, momentum: float) -> None:
    """running = (1 - momentum) * running + momentum * new, in place."""
    running.mul_(1 - momentum).add_(views.reshape(new.detach(), -1), alpha=momentum)


def check_normalized(
    name: str,
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None,
    bias: Tensor | None,
) -> tuple[int, ...]:
    """The dimensions to normalise: the last ones, whose sizes `normalized_shape` repeats.

    Raises:
        RuntimeError: if shapes, dtypes or devices do not fit.
        TypeError: if `normalized_shape` is no sequence.
    """
    if isinstance(normalized_shape, int):
        raise TypeError(
            f"{name}: normalized_shape must be a sequence of ints, as in ({normalized_shape},)"
        )
    shape = tuple(normalized_shape)
    if not shape:
        raise RuntimeError(
            f"{name}: Expected normalized_shape to be at least 1-dimensional, i.e., containing at "
            "least one element, but got normalized_shape = ()"
        )
    if input.shape[-len(shape) :] != shape:
        sizes = ", ".join(str(n) for n in shape)
        raise RuntimeError(
            f"{name}: Given normalized_shape={shape}, expected input with shape (*, {sizes}), but "
            f"got input of size {input.shape}"
        )
    require_floating(name, input)
    for what, other in (("weight", weight), ("bias", bias)):
        if other is not None and other.shape != shape:
            raise RuntimeError(
                f"{name}: Expected {what} to be of same shape as normalized_shape, but got {what} "
                f"of shape {other.shape} and normalized_shape = {shape}"
            )
        require_alike(name, input, what, other)
    return tuple(range(input.ndim - len(shape), input.ndim))


@Op
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, over the last dimensions.

    Ba, Kiros and Hinton 2016, arXiv:1607.06450;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html

    Args:
        input: (..., *normalized_shape), floating.
        normalized_shape: the sizes of the dimensions to normalise.
        weight: of this shape.
        bias: of this shape.
        eps: keeps the quotient finite.

    Raises:
        RuntimeError: if shapes, dtypes or devices do not fit.

    >>> layer_norm(Tensor([[1.0, 3.0], [0.0, 20.0]]), (2,), eps=0.0)
    Tensor([[-1.,  1.],
            [-1.,  1.]], requires_grad=False)
    """
    dims = check_normalized("layer_norm", input, normalized_shape, weight, bias)
    return _affine(_standardised(input, dims, eps)[0], weight, bias, input.dtype)


def normalised_with_statistics(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """`layer_norm`, the mean, and 1 / sqrt(variance + eps), with size 1 along these dims."""
    dims = check_normalized("native_layer_norm", input, normalized_shape, weight, bias)
    y, mean, variance = _standardised(input, dims, eps)
    return _affine(y, weight, bias, input.dtype), mean, (variance + eps).rsqrt()


@Op
def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """x / sqrt(mean(x**2) + eps) * weight, over the last dimensions.

    Zhang and Sennrich 2019, arXiv:1910.07467;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html

    Args:
        input: (..., *normalized_shape), floating.
        normalized_shape: the sizes of the dimensions to normalise.
        weight: of this shape.
        eps: keeps the quotient finite; the machine epsilon of the dtype if omitted.

    Raises:
        RuntimeError: if shapes, dtypes or devices do not fit.
    """
    dims = check_normalized("rms_norm", input, normalized_shape, weight, None)
    small = finfo(input.dtype).eps if eps is None else eps
    x = input.float() if input.dtype.half else input
    scale = (x.square().mean(dims, True) + small).rsqrt()
    return _affine(x * scale, weight, None, input.dtype)


def check_group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None, bias: Tensor | None
) -> None:
    """Refuse channels that do not make so many groups.

    Raises:
        ValueError: if there is one value for each group.
        RuntimeError: if shapes, dtypes or devices do not fit.
    """
    require_floating("group_norm", input)
    if input.ndim < 2:
        raise RuntimeError(
            f"group_norm: Expected at least 2 dimensions for input tensor but received {input.ndim}"
        )
    n, channels, rest = input.shape[0], input.shape[1], input.shape[2:]
    if num_groups < 1 or channels % num_groups:
        raise RuntimeError(
            "group_norm: Expected number of channels in input to be divisible by num_groups, but "
            f"got input of shape {input.shape} and num_groups={num_groups}"
        )
    _require_several("group_norm", (n * channels // num_groups, num_groups, *rest), input.shape)
    for what, other in (("weight", weight), ("bias", bias)):
        if other is not None and other.shape != (channels,):
            raise RuntimeError(
                f"group_norm: Expected {what} to be a vector of size equal to the number of "
                f"channels in input, but got {what} of shape {other.shape} and input of shape "
                f"{input.shape}"
            )
        require_alike("group_norm", input, what, other)


@Op
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, over groups of channels of one sample.

    Wu and He 2018, arXiv:1803.08494;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html

    Args:
        input: (n, channels, ...), floating.
        num_groups: how many groups of equal size.
        weight: (channels,).
        bias: (channels,).
        eps: keeps the quotient finite.

    Raises:
        ValueError: if there is one value for each group.
        RuntimeError: if shapes, dtypes or devices do not fit.
    """
    check_group_norm(input, num_groups, weight, bias)
    n, channels, rest = input.shape[0], input.shape[1], input.shape[2:]
    groups = views.reshape(input, (n, num_groups, channels // num_groups, *rest))
    y = _standardised(groups, tuple(range(2, groups.ndim)), eps)[0]
    shape = (channels,) + (1,) * len(rest)
    return _affine(
        views.reshape(y, input.shape),
        None if weight is None else views.reshape(weight, shape),
        None if bias is None else views.reshape(bias, shape),
        input.dtype,
    )


def normalize(
    input: Tensor, p: float = 2.0, dim: int | Sequence[int] = 1, eps: float = 1e-12
) -> Tensor:
    """x / max(norm(x), eps), with the p-norm over some dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html

    >>> normalize(Tensor([[3.0, 4.0], [0.0, 0.0]]))
    Tensor([[0.6000, 0.8000],
            [0.0000, 0.0000]], requires_grad=False)
    """
    require_floating("normalize", input)
    return input / input.norm(p, dim, True).clamp(min=eps)
