"""Neural functions as PyTorch has them at its top level: with other arguments than `nn.functional`.

There a reduction is a number, dropout asks for `train`, normalisations take the weights first, and
what finds maxima returns their indices too. Each function here only puts its arguments in order.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_tensor import functional
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.ctc import Lengths
from minitorch_tensor.functional.dropout import drop_channels
from minitorch_tensor.functional.embedding_bag import MODES, bags_of
from minitorch_tensor.functional.grid import grid_sampler
from minitorch_tensor.functional.norm import normalised_with_statistics
from minitorch_tensor.functional.reduction import REDUCTIONS


def _named(name: str, reduction: int) -> str:
    """The reduction of a number: 0 is "none", 1 is "mean", 2 is "sum".

    0 is what PyTorch takes for a missing one, though it declares 1.
    """
    if reduction not in (0, 1, 2):
        raise ValueError(
            f"{name}: {reduction} is not a valid value for reduction; expected 0 (none), 1 (mean) "
            "or 2 (sum); nn.functional takes names"
        )
    return REDUCTIONS[reduction]


def adaptive_max_pool1d(input: Tensor, output_size: Ints) -> tuple[Tensor, Tensor]:
    """`nn.functional.adaptive_max_pool1d`, and the index of each maximum.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html
    """
    return functional.adaptive_max_pool1d_with_indices(input, output_size)


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`nn.functional.batch_norm`, with the weights first.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
    """
    return functional.batch_norm(
        input, running_mean, running_var, weight, bias, training, momentum, eps
    )


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`nn.functional.instance_norm`, with the weights first.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
    """
    return functional.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def native_layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """`nn.functional.layer_norm`, the mean, and 1 / sqrt(variance + eps).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
    """
    return normalised_with_statistics(input, normalized_shape, weight, bias, eps)


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.dropout`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
    """
    return functional.dropout(input, p, train)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.dropout` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
    """
    return functional.dropout(input, p, train, True)


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.alpha_dropout`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
    """
    return functional.alpha_dropout(input, p, train)


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.alpha_dropout` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
    """
    return functional.alpha_dropout(input, p, train, True)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout of whole channels of (n, channels, ...), of any number of dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html
    """
    return drop_channels(input, p, train, False)


def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_dropout` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html
    """
    return drop_channels(input, p, train, True)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.feature_alpha_dropout`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html
    """
    return functional.feature_alpha_dropout(input, p, train)


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.feature_alpha_dropout` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html
    """
    return functional.feature_alpha_dropout(input, p, train, True)


def embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """`nn.functional.embedding`, with the table first; a padding_idx of -1 is none.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    padding = None if padding_idx < 0 else padding_idx
    return functional.embedding(
        indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse
    )


def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """`nn.functional.embedding_bag`, with the table first, and what it found on the way.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html

    Returns:
        the bags; in which bag each index is; how many count in each (zeros for mode 0, sum); and
        for mode 2, max, the index of each largest row, else the third again.

    Raises:
        ValueError: for another mode than 0 (sum), 1 (mean) and 2 (max).
    """
    if mode not in (0, 1, 2):
        raise ValueError(f"embedding_bag: mode has to be 0 (sum), 1 (mean) or 2 (max), not {mode}")
    y, bag, counts, largest = bags_of(
        indices, weight, offsets, None, 2.0, scale_grad_by_freq, MODES[mode], sparse,
        per_sample_weights, include_last_offset, padding_idx,
    )  # fmt: skip
    return (y, bag, counts * 0, largest * 0) if mode == 0 else (y, bag, counts, largest)


def grid_sampler_2d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`grid_sampler` of images.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
    """
    return _sampled(
        "grid_sampler_2d", 4, input, grid, interpolation_mode, padding_mode, align_corners
    )


def grid_sampler_3d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`grid_sampler` of volumes.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
    """
    return _sampled(
        "grid_sampler_3d", 5, input, grid, interpolation_mode, padding_mode, align_corners
    )


def _sampled(
    name: str, ndim: int, input: Tensor, grid: Tensor, mode: int, padding: int, align: bool
) -> Tensor:
    if input.ndim != ndim:
        raise RuntimeError(f"{name}: expected {ndim}D input, but got {input.shape}")
    return grid_sampler(input, grid, mode, padding, align)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: int = 0,
) -> Tensor:
    """`nn.functional.binary_cross_entropy_with_logits`, with a number for the reduction.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
    """
    by = _named("binary_cross_entropy_with_logits", reduction)
    return functional.binary_cross_entropy_with_logits(
        input, target, weight, reduction=by, pos_weight=pos_weight
    )


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """`nn.functional.cosine_embedding_loss`, with a number for the reduction.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html
    """
    by = _named("cosine_embedding_loss", reduction)
    return functional.cosine_embedding_loss(input1, input2, target, margin, reduction=by)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """`nn.functional.ctc_loss`, with a number for the reduction.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
    """
    by = _named("ctc_loss", reduction)
    return functional.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, by, zero_infinity
    )


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0
) -> Tensor:
    """`nn.functional.hinge_embedding_loss`, with a number for the reduction.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html
    """
    by = _named("hinge_embedding_loss", reduction)
    return functional.hinge_embedding_loss(input, target, margin, reduction=by)


def kl_div(
    input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False
) -> Tensor:
    """`nn.functional.kl_div`, with a number for the reduction, and without its warning.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
    """
    by = _named("kl_div", reduction)
    loss = functional.kl_div(input, target, reduction="none", log_target=log_target)
    return loss.mean() if by == "mean" else loss.sum() if by == "sum" else loss


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """`nn.functional.margin_ranking_loss`, with a number for the reduction.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html
    """
    by = _named("margin_ranking_loss", reduction)
    return functional.margin_ranking_loss(input1, input2, target, margin, reduction=by)


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int
) -> Tensor:
    """`nn.functional.poisson_nll_loss`, with a number for the reduction.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html
    """
    by = _named("poisson_nll_loss", reduction)
    return functional.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=by)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """`nn.functional.triplet_margin_loss`, with a number for the reduction.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html
    """
    by = _named("triplet_margin_loss", reduction)
    return functional.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, reduction=by
    )
