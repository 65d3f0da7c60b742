"""The lists: which function computes in which dtype where autocast is on, for the CPU and the GPU.

PyTorch's own, https://docs.pytorch.org/docs/stable/amp.html#autocast-op-reference: the functions
that torch 2.13 registers for AutocastCPU and AutocastCUDA (aten/src/ATen/autocast_mode.h and .cpp).
What is not on them computes in the dtype that it gets.

A name stands for the function, the method and that of `nn.functional`, whichever there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Final

import minitorch_tensor
from minitorch_tensor import Tensor, functional, linear_algebra, special
from minitorch_tensor.amp.exchange import Call
from minitorch_tensor.amp.policies import (
    Policy,
    as_it_is,
    by_device,
    interpolated,
    lower,
    normalised,
    padded,
    sequence,
    single,
    unsafe,
    widest,
)
from minitorch_tensor.functional import cells, grid, recurrent

# What a kernel of PyTorch's computes at once, and a composition here, which would be cast inside.
LINEAR_ALGEBRA: Final = """
    cholesky cholesky_inverse cholesky_solve geqrf inverse linalg.cholesky linalg.cholesky_ex
    linalg.cond linalg.eigh linalg.eigvalsh linalg.householder_product linalg.inv linalg.inv_ex
    linalg.lstsq linalg.matrix_rank linalg.qr linalg.solve linalg.svd linalg.svdvals
    linalg.tensorinv linalg.tensorsolve lu lu_solve orgqr ormqr qr svd triangular_solve
"""
POLYNOMIALS: Final = " ".join(
    f"{prefix}chebyshev_polynomial_{kind}" for prefix in ("", "shifted_") for kind in "tuvw"
)

CPU: Final[Mapping[Policy, str]] = {
    lower: """
        addbmm addmm baddbmm bmm conv1d conv2d conv3d conv_tbc conv_transpose1d
        conv_transpose2d conv_transpose3d linalg.vecdot linear matmul mm prelu
        scaled_dot_product_attention
    """,
    single: LINEAR_ALGEBRA
    + """
        adaptive_avg_pool3d adaptive_max_pool3d avg_pool3d binary_cross_entropy
        binary_cross_entropy_with_logits cdist cosine_embedding_loss cross_entropy ctc_loss
        fractional_max_pool2d fractional_max_pool3d grid_sampler hinge_embedding_loss
        huber_loss kl_div l1_loss margin_ranking_loss max_pool3d max_unpool1d max_unpool2d
        max_unpool3d mse_loss multi_margin_loss multilabel_margin_loss nanquantile nll_loss
        pinverse poisson_nll_loss prod quantile smooth_l1_loss soft_margin_loss trace
        triplet_margin_loss
    """,
    normalised: "batch_norm group_norm instance_norm layer_norm rms_norm",
    padded: "pad",
    sequence: "packed",
    widest: "cat index_copy stack",
    as_it_is: "dot linalg.lu_solve matrix_exp mv segment_reduce vdot",
}
CUDA: Final[Mapping[Policy, str]] = {
    lower: """
        addbmm addmm addmv addr baddbmm bmm chain_matmul conv1d conv2d conv3d conv_tbc
        conv_transpose1d conv_transpose2d conv_transpose3d einsum gru_cell linalg.multi_dot
        linalg.vecdot linear lstm_cell matmul mm mv packed prelu rnn_relu_cell rnn_tanh_cell
        scaled_dot_product_attention
    """,
    # Beside x ** y there are 2 ** x and x.square(), beside x.reciprocal() there is 1 / x, and the
    # cross entropy, which PyTorch makes of functions on this list, may be one kernel here.
    single: """
        __rpow__ __rtruediv__ acos asin binary_cross_entropy_with_logits cdist cosh
        cosine_embedding_loss cosine_similarity cross_entropy cumprod cumsum dist erfinv exp expm1
        frobenius_norm group_norm hinge_embedding_loss huber_loss kl_div l1_loss layer_norm
        linalg.matrix_norm linalg.vector_norm log log10 log1p log2 log_softmax logsumexp
        margin_ranking_loss mse_loss multi_margin_loss multilabel_margin_loss nll_loss norm
        nuclear_norm pdist poisson_nll_loss pow prod reciprocal renorm rms_norm rsqrt sinh
        smooth_l1_loss soft_margin_loss softmax softplus square sum tan triplet_margin_loss
    """,
    interpolated: "interpolate",
    normalised: "batch_norm instance_norm",
    widest: """
        addcdiv addcmul atan2 bilinear cross dot grid_sampler index_put scatter_add tensordot vdot
    """,
    unsafe: "binary_cross_entropy",
    as_it_is: LINEAR_ALGEBRA
    + POLYNOMIALS
    + """
        affine_grid avg_pool1d avg_pool2d avg_pool3d inner ldexp linalg.lu_solve matrix_exp
        mvlgamma nanmean nansum pca_lowrank segment_reduce svd_lowrank trace vander
    """,
}
BY_DEVICE: Final[Mapping[str, Mapping[Policy, str]]] = {"cpu": CPU, "cuda": CUDA, "numpy": CPU}

HOMES: Final[tuple[ModuleType | type[Tensor], ...]] = (
    minitorch_tensor, functional, special, Tensor, cells, grid, recurrent,
)  # fmt: skip


def functions_of(name: str) -> Iterator[Callable[..., object]]:
    """The functions of that name, each once: PyTorch has several where arguments differ.

    >>> [f.__module__ for f in functions_of("linalg.inv")]
    ['minitorch_tensor.linear_algebra.inverses']
    """
    family, _, short = name.rpartition(".")
    for home in (linear_algebra,) if family else HOMES:
        function = getattr(home, short, None)
        if callable(function):
            yield function


@cache
def calls() -> Mapping[Callable[..., object], Call]:
    """What is to run instead of each function that is on a list."""
    policies: dict[Callable[..., object], dict[str, Policy]] = {}
    for device, lists in BY_DEVICE.items():
        for policy, names in lists.items():
            for name in names.split():
                for function in functions_of(name):
                    policies.setdefault(function, {})[device] = policy
    for function in [function for name in _written() for function in functions_of(name)]:
        policies[function] = dict.fromkeys(BY_DEVICE, as_it_is)
    return {function: by_device(found) for function, found in policies.items()}


def _written() -> Iterator[str]:
    """The in-place forms of what is on a list: what they write has a dtype already."""
    for lists in BY_DEVICE.values():
        for names in lists.values():
            yield from (f"{name}_" for name in names.split())
