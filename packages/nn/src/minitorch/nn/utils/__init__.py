"""Helpers for all parameters at once, for sequences of several lengths, and for weights.

Weights can be functions of what is learnt (`parametrize`), and batch norms parts of other layers.
"""

from typing import TYPE_CHECKING

from minitorch_autodiff import later as _later

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
    "get_total_norm",
    "parameters_to_vector",
    "parametrizations",
    "parametrize",
    "remove_spectral_norm",
    "remove_weight_norm",
    "rnn",
    "skip_init",
    "spectral_norm",
    "stateless",
    "vector_to_parameters",
    "weight_norm",
]

if TYPE_CHECKING:
    from minitorch.nn.utils import parametrizations, parametrize, rnn, stateless
    from minitorch.nn.utils.clip_grad import (
        clip_grad_norm,
        clip_grad_norm_,
        clip_grad_value_,
        clip_grads_with_norm_,
        get_total_norm,
    )
    from minitorch.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters
    from minitorch.nn.utils.fusion import (
        fuse_conv_bn_eval,
        fuse_conv_bn_weights,
        fuse_linear_bn_eval,
        fuse_linear_bn_weights,
    )
    from minitorch.nn.utils.skipping import skip_init
    from minitorch.nn.utils.spectral_norms import remove_spectral_norm, spectral_norm
    from minitorch.nn.utils.weight_norms import remove_weight_norm, weight_norm
else:  # a type checker is to find a wrong name itself
    _HELPERS = {
        "clip_grad": (
            "clip_grad_norm clip_grad_norm_ clip_grad_value_ clip_grads_with_norm_ get_total_norm"
        ),
        "convert_parameters": "parameters_to_vector vector_to_parameters",
        "fusion": (
            "fuse_conv_bn_eval fuse_conv_bn_weights fuse_linear_bn_eval fuse_linear_bn_weights"
        ),
        "skipping": "skip_init",
        "spectral_norms": "remove_spectral_norm spectral_norm",
        "weight_norms": "remove_weight_norm weight_norm",
    }
    _MODULES = (
        "clip_grad", "convert_parameters", "fusion", "parametrizations", "parametrize", "prune",
        "rnn", "stateless",
    )  # fmt: skip
    _HOMES = {
        **_later.homes(__name__, _HELPERS),
        **{name: f"{__name__}.{name}" for name in _MODULES},
    }
    __getattr__, __dir__ = _later.attributes(__name__, _HOMES)
