"""Gates for the kernels over rows: softmax, cross-entropy, norms, at the sizes of usual models.

A new kernel brings its gates in its own module; these came before there were any.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.kernel import Kernel
from minitorch_cuda.kernels import loss, norm, norm_planes, softmax
from minitorch_cuda.kernels.planning import Flags, kernel_of
from minitorch_cuda.kernels.rows import row_shape
from minitorch_cuda.limits import DEVICE
from minitorch_tensor.dtype import DType, bfloat16, float32

_WARP: Final = row_shape(8192, 768, True, DEVICE).flags
"""A warp a row: what it holds is all of the row."""
_PAIR: Final = row_shape(8192, 768, True, DEVICE, 2).flags
"""The same where a thread holds two rows."""
_BLOCK: Final = row_shape(8192, 50304, True, DEVICE).flags
"""A block a row."""
_PLANE: Final = row_shape(16384, 3136, True, DEVICE).flags
"""A block a plane of 56 x 56."""
_PLANES: Final = row_shape(16384, 3136, True, DEVICE, 2).flags
_SAMPLES: Final = row_shape(64, 256, False, DEVICE).flags
_COLUMNS: Final = (("WIDTH", 32), ("HEIGHT", 8))
_AFFINE: Final = (("WEIGHTED", 1), ("BIASED", 1))


def _of(
    function: Callable[..., None], kinds: str, flags: Flags = (), dtype: DType = float32
) -> partial[Kernel]:
    return partial(kernel_of, function, kinds, dtype, flags)


_LOSS: Final[Flags] = (("LOG", 1), *_BLOCK)
_SCALED: Final[Flags] = (("EACH", 0), ("MEAN", 1))

GATES: Final = (
    Gate(
        "softmax float32, a warp a row",
        _of(softmax.softmax_rows, "SSii", _WARP),
        registers=64,
        loads128=1,
        stores128=1,
    ),
    Gate(
        "softmax float32, a block a row",
        _of(softmax.softmax_rows, "SSii", _BLOCK),
        registers=64,
        loads128=1,
        stores128=1,
    ),
    Gate(
        "softmax bfloat16, a warp a row",
        _of(softmax.softmax_rows, "SSii", _WARP, bfloat16),
        registers=64,
    ),
    Gate(
        "softmax float32, gradient",
        _of(softmax.softmax_rows_gradient, "SSSii", _PAIR),
        registers=64,
        loads128=2,
        stores128=1,
    ),
    Gate(
        "log_softmax float32, columns",
        _of(softmax.softmax_columns, "SSiii", (("LOG", 1), *_COLUMNS)),
        registers=40,
    ),
    Gate(
        "log_softmax float32, columns, gradient",
        _of(softmax.softmax_columns_gradient, "SSSiii", (("LOG", 1), *_COLUMNS)),
        registers=40,
    ),
    Gate(
        "cross_entropy float32, classes",
        _of(loss.class_losses, "TTTSISIiiitt", _LOSS),
        registers=64,
        loads128=1,
    ),
    Gate(
        "cross_entropy float32, classes, gradient",
        _of(loss.class_gradient, "SSTISSTiiitt", (*_LOSS, *_SCALED)),
        registers=80,
        loads128=1,
        stores128=1,
    ),
    Gate(
        "cross_entropy float32, probabilities",
        _of(loss.distribution_losses, "TTSSSiitt", _LOSS),
        registers=64,
        loads128=1,
    ),
    Gate(
        "cross_entropy float32, probabilities, gradient",
        _of(loss.distribution_gradient, "SSSTSSTiitt", (*_LOSS, *_SCALED)),
        registers=64,
    ),
    Gate("nll_loss float32", _of(loss.picked_losses, "TTSISIuuui"), registers=32),
    Gate("nll_loss float32, gradient", _of(loss.picked_gradient, "SISSTuuui"), registers=32),
    Gate(
        "sum of losses float32",
        _of(loss.total_losses, "STTTi", (("GROUP", 256), ("WARPS", 8), ("MEAN", 1))),
        registers=32,
    ),
    Gate(
        "layer_norm float32",
        _of(norm.normalize_rows, "STTSSSiiuiit", (*_AFFINE, *_WARP)),
        registers=80,
        loads128=1,
        stores128=1,
    ),
    Gate(
        "layer_norm float32, gradient",
        _of(norm.rows_gradient, "SSSSTTiiuii", (*_AFFINE, *_PAIR)),
        registers=80,
        loads128=2,
        stores128=1,
    ),
    Gate(
        "layer_norm float32, gradients of weights",
        _of(norm.column_strips, "TTSSTTiii", _COLUMNS),
        registers=40,
    ),
    Gate("sum of strips float32", _of(norm.strips_sum, "SSTTii"), registers=32),
    Gate(
        "batch_norm float32, planes",
        _of(norm_planes.plane_moments, "TTSii", _PLANE),
        registers=64,
        loads128=1,
    ),
    Gate(
        "batch_norm float32, channels",
        _of(norm_planes.channel_moments, "TTTTSSiiitt", (("FOLLOW", 1), *_SAMPLES)),
        registers=40,
    ),
    Gate("batch_norm float32, given", _of(norm_planes.given_moments, "TTSSit"), registers=32),
    Gate(
        "batch_norm float32, result",
        _of(norm_planes.scale_planes, "SSSSTTiii", (*_AFFINE, *_PLANE)),
        registers=64,
        loads128=1,
        stores128=1,
    ),
    Gate(
        "batch_norm float32, sums of planes",
        _of(norm_planes.plane_sums, "TTSSTTiiii", _PLANES),
        registers=64,
        loads128=2,
    ),
    Gate(
        "batch_norm float32, sums of channels",
        _of(norm_planes.channel_sums, "SSTTTTii", _SAMPLES),
        registers=40,
    ),
    Gate(
        "batch_norm float32, gradient",
        _of(norm_planes.planes_gradient, "SSSSTTTTiiii", (*_AFFINE, ("GIVEN", 0), *_PLANES)),
        registers=64,
        loads128=2,
        stores128=1,
    ),
)
