"""PyTorch's `torch.nn.functional`: neural functions as compositions, one family in each file.

Those worth a kernel of their own are `Op` objects, which a device may override.
"""

from minitorch_tensor.exponentials import (
    log_softmax,
    softmax,
)
from minitorch_tensor.functional.activation import (
    celu,
    elu,
    gelu,
    glu,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    logsigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmin,
    softplus,
    softshrink,
    softsign,
    tanh,
    tanhshrink,
    threshold,
)
from minitorch_tensor.functional.activation_inplace import (
    celu_,
    elu_,
    hardtanh_,
    leaky_relu_,
    relu_,
    selu_,
    threshold_,
)
from minitorch_tensor.functional.adaptive_pool import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool1d_with_indices,
    adaptive_max_pool2d,
    adaptive_max_pool2d_with_indices,
    adaptive_max_pool3d,
    adaptive_max_pool3d_with_indices,
)
from minitorch_tensor.functional.alpha_dropout import (
    alpha_dropout,
    feature_alpha_dropout,
)
from minitorch_tensor.functional.attention import (
    scaled_dot_product_attention,
)
from minitorch_tensor.functional.avg_pool import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
)
from minitorch_tensor.functional.binary_loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    kl_div,
)
from minitorch_tensor.functional.conv import (
    conv1d,
    conv2d,
    conv3d,
    conv_tbc,
)
from minitorch_tensor.functional.conv_transpose import (
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)
from minitorch_tensor.functional.ctc import (
    ctc_loss,
)
from minitorch_tensor.functional.distances import (
    cosine_similarity,
    pairwise_distance,
    pdist,
)
from minitorch_tensor.functional.dropout import (
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
)
from minitorch_tensor.functional.embedding import (
    embedding,
    one_hot,
)
from minitorch_tensor.functional.embedding_bag import (
    embedding_bag,
)
from minitorch_tensor.functional.embedding_loss import (
    cosine_embedding_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from minitorch_tensor.functional.fold import (
    fold,
    unfold,
)
from minitorch_tensor.functional.fractional_pool import (
    fractional_max_pool2d,
    fractional_max_pool2d_with_indices,
    fractional_max_pool3d,
    fractional_max_pool3d_with_indices,
)
from minitorch_tensor.functional.grid import (
    affine_grid,
    grid_sample,
)
from minitorch_tensor.functional.interpolation import (
    interpolate,
    upsample,
    upsample_bilinear,
    upsample_nearest,
)
from minitorch_tensor.functional.likelihood_loss import (
    gaussian_nll_loss,
    poisson_nll_loss,
)
from minitorch_tensor.functional.linear import (
    bilinear,
    linear,
)
from minitorch_tensor.functional.linear_loss import (
    linear_cross_entropy,
)
from minitorch_tensor.functional.loss import (
    cross_entropy,
    nll_loss,
)
from minitorch_tensor.functional.margin_loss import (
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    soft_margin_loss,
)
from minitorch_tensor.functional.multi_head import (
    multi_head_attention_forward,
)
from minitorch_tensor.functional.norm import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    normalize,
    rms_norm,
)
from minitorch_tensor.functional.pad import (
    pad,
)
from minitorch_tensor.functional.pool import (
    max_pool1d,
    max_pool1d_with_indices,
    max_pool2d,
    max_pool2d_with_indices,
)
from minitorch_tensor.functional.pool3d import (
    max_pool3d,
    max_pool3d_with_indices,
)
from minitorch_tensor.functional.power_pool import (
    local_response_norm,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
)
from minitorch_tensor.functional.random_activation import (
    gumbel_softmax,
    rrelu,
    rrelu_,
)
from minitorch_tensor.functional.regression_loss import (
    huber_loss,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from minitorch_tensor.functional.shuffle import (
    channel_shuffle,
    native_channel_shuffle,
    pixel_shuffle,
    pixel_unshuffle,
)
from minitorch_tensor.functional.unpool import (
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
)
from minitorch_tensor.neural import (
    hardshrink,
    prelu,
)

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
    "affine_grid",
    "alpha_dropout",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "celu_",
    "channel_shuffle",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_tbc",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "ctc_loss",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "elu",
    "elu_",
    "embedding",
    "embedding_bag",
    "feature_alpha_dropout",
    "fold",
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "gaussian_nll_loss",
    "gelu",
    "glu",
    "grid_sample",
    "group_norm",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "hinge_embedding_loss",
    "huber_loss",
    "instance_norm",
    "interpolate",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "leaky_relu_",
    "linear",
    "linear_cross_entropy",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "mish",
    "mse_loss",
    "multi_head_attention_forward",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "native_channel_shuffle",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "pdist",
    "pixel_shuffle",
    "pixel_unshuffle",
    "poisson_nll_loss",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "rms_norm",
    "rrelu",
    "rrelu_",
    "scaled_dot_product_attention",
    "selu",
    "selu_",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "soft_margin_loss",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "threshold_",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
    "unfold",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]
