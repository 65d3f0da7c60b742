"""Every plain module beside torch's: parameters, output, gradients, buffers, text, state names.

The rows run on the device "numpy", which compiles nothing; the kernels of "cpu" are compared with
it function by function, in the packages below.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

Make = Callable[[ModuleType], Any]
Values = NDArray[Any]


def floats(*shape: int) -> Values:
    return np.random.default_rng([2, *shape]).normal(size=shape)


def integers(n: int, *shape: int) -> Values:
    return np.random.default_rng([3, n, *shape]).integers(0, n, size=shape)


LINE, IMAGE, VOLUME = floats(2, 4, 9), floats(2, 4, 7, 6), floats(2, 4, 5, 4, 6)
BOXES = {1: LINE, 2: IMAGE, 3: VOLUME}
ACTIVATIONS: list[Make] = [
    lambda t: t.nn.CELU(),
    lambda t: t.nn.CELU(0.5, inplace=True),
    lambda t: t.nn.ELU(0.5),
    lambda t: t.nn.GELU("tanh"),
    lambda t: t.nn.GLU(),
    lambda t: t.nn.GLU(1),
    lambda t: t.nn.Hardshrink(0.3),
    lambda t: t.nn.Hardsigmoid(),
    lambda t: t.nn.Hardswish(),
    lambda t: t.nn.Hardtanh(-0.5, 0.7),
    lambda t: t.nn.Hardtanh(inplace=True),
    lambda t: t.nn.LeakyReLU(0.2),
    lambda t: t.nn.LogSigmoid(),
    lambda t: t.nn.LogSoftmax(1),
    lambda t: t.nn.Mish(),
    lambda t: t.nn.PReLU(),
    lambda t: t.nn.PReLU(4, init=0.1),
    lambda t: t.nn.RReLU(),
    lambda t: t.nn.RReLU(0.2, 0.4, inplace=True),
    lambda t: t.nn.ReLU(),
    lambda t: t.nn.ReLU6(),
    lambda t: t.nn.ReLU6(inplace=True),
    lambda t: t.nn.SELU(),
    lambda t: t.nn.SiLU(),
    lambda t: t.nn.Sigmoid(),
    lambda t: t.nn.Softmax(-1),
    lambda t: t.nn.Softmax2d(),
    lambda t: t.nn.Softmin(1),
    lambda t: t.nn.Softplus(2.0, 1.0),
    lambda t: t.nn.Softshrink(0.3),
    lambda t: t.nn.Softsign(),
    lambda t: t.nn.Tanh(),
    lambda t: t.nn.Tanhshrink(),
    lambda t: t.nn.Threshold(0.1, 20),
    lambda t: t.nn.Threshold(0.1, 20, inplace=True),
]


def of_kinds(*kinds: str, dimensions: tuple[int, ...] = (1, 2, 3)) -> list[tuple[str, int]]:
    return [(kind, d) for kind in kinds for d in dimensions]


def row(name: str, x: Values, *args: Any, **options: Any) -> tuple[Make, tuple[Values, ...]]:
    return lambda t: getattr(t.nn, name)(*args, **options), (x,)


ROWS: list[tuple[Make, tuple[Values, ...]]] = [
    *[(make, (IMAGE,)) for make in ACTIVATIONS],
    *[row(f"{kind}Pad{d}d", BOXES[d], 1) for kind, d in of_kinds("Zero", "Reflection")],
    *[row(f"{kind}Pad{d}d", BOXES[d], (2, 1) * d) for kind, d in of_kinds("Replication")],
    *[row(f"{kind}Pad{d}d", BOXES[d], (0, 2) * d) for kind, d in of_kinds("Circular")],
    *[row(f"{kind}Pad{d}d", BOXES[d], (1, -1) * d, 3.5) for kind, d in of_kinds("Constant")],
    *[row(f"{kind}{d}d", BOXES[d], 4, 6, 3) for kind, d in of_kinds("Conv", "ConvTranspose")],
    *[
        row(f"Conv{d}d", BOXES[d], 4, 6, 3, padding=2, stride=2, padding_mode=mode, groups=2)
        for mode, d in zip(("circular", "replicate", "reflect"), (1, 2, 3), strict=True)
    ],
    row("Conv1d", LINE, 4, 2, 4, padding="same", padding_mode="reflect", dilation=2),
    row("Conv2d", IMAGE, 4, 2, (4, 3), padding="same", padding_mode="circular"),
    row("Conv2d", IMAGE, 4, 2, 3, padding="valid", padding_mode="replicate", bias=False),
    row("Conv3d", VOLUME, 4, 2, (1, 2, 3), (1, 2, 1), (0, 1, 1), bias=False),
    row("ConvTranspose1d", LINE, 4, 6, 3, 2, 1, 1, 2, False, 2),
    row("ConvTranspose2d", IMAGE, 4, 6, (3, 2), stride=(2, 1), padding=1, output_padding=(1, 0)),
    row("ConvTranspose3d", VOLUME[0], 4, 2, 3, 2, dilation=2, groups=2),
    row("Unfold", IMAGE, (2, 3), dilation=2, padding=1, stride=2),
    row("Fold", floats(2, 12, 12), (4, 5), 2),
    row("Fold", floats(2, 18, 4), (4, 4), (3, 2), 1, (1, 0), stride=2),
    *[row(f"MaxPool{d}d", BOXES[d], 2) for d in (1, 2, 3)],
    *[row(f"MaxPool{d}d", BOXES[d], 3, 2, 1, 1, True, True) for d in (1, 2, 3)],
    *[row(f"AvgPool{d}d", BOXES[d], 3, 2, 1, True, False) for d in (1, 2, 3)],
    row("AvgPool3d", VOLUME, (2, 1, 2), divisor_override=3),
    *[row(f"LPPool{d}d", np.abs(BOXES[d]), 2, 2) for d in (1, 2, 3)],
    *[row(f"LPPool{d}d", BOXES[d], 3.0, 3, stride=2, ceil_mode=True) for d in (1, 2)],
    *[row(f"AdaptiveAvgPool{d}d", BOXES[d], 3) for d in (1, 2, 3)],
    *[row(f"AdaptiveMaxPool{d}d", BOXES[d], 3) for d in (1, 2, 3)],
    row("AdaptiveAvgPool3d", VOLUME, (None, 2, None)),
    row("AdaptiveMaxPool2d", IMAGE, (None, 2), return_indices=True),
    row("FractionalMaxPool2d", IMAGE, 2, output_size=3),
    row("FractionalMaxPool2d", IMAGE, (3, 2), output_ratio=(0.5, 0.6), return_indices=True),
    row("FractionalMaxPool3d", VOLUME, 2, output_ratio=0.5),
    *[row(f"BatchNorm{d}d", BOXES[d], 4) for d in (1, 2, 3)],
    row("BatchNorm3d", VOLUME, 4, 1e-3, None, bias=False),
    row("BatchNorm3d", VOLUME, 4, affine=False, track_running_stats=False),
    *[row(f"InstanceNorm{d}d", BOXES[d], 4) for d in (1, 2, 3)],
    *[row(f"InstanceNorm{d}d", BOXES[d], 4, 0.1, 0.2, True, True) for d in (1, 2, 3)],
    *[row(f"InstanceNorm{d}d", BOXES[d][0], 4, affine=True, bias=False) for d in (1, 2, 3)],
    row("LocalResponseNorm", IMAGE, 3),
    row("LocalResponseNorm", LINE, 2, 0.5, 0.6, 0.7),
    row("Dropout", IMAGE, 0.3),
    *[row(f"Dropout{d}d", BOXES[d], 0.3) for d in (1, 2, 3)],
    *[row(f"Dropout{d}d", BOXES[d][0]) for d in (1, 2, 3)],
    row("AlphaDropout", IMAGE, 0.3),
    row("FeatureAlphaDropout", IMAGE),
    row("Linear", LINE, 9, 5),
    row("Identity", LINE),
    row("PixelShuffle", IMAGE, 2),
    row("PixelUnshuffle", floats(2, 3, 4, 6), 2),
    row("ChannelShuffle", IMAGE, 2),
    row("Flatten", IMAGE),
    row("Unflatten", LINE, 1, (2, 2)),
    row("Upsample", LINE, 5),
    row("Upsample", IMAGE, scale_factor=2),
    row("Upsample", IMAGE, scale_factor=(2, 1.5), mode="bilinear", align_corners=True),
    row("Upsample", IMAGE, (3, 9), mode="bicubic"),
    row("Upsample", IMAGE, (3, 9), None, "area"),
    row("Upsample", LINE, scale_factor=1.7, mode="linear", recompute_scale_factor=True),
    row("Upsample", VOLUME, scale_factor=2, mode="trilinear"),
    row("Upsample", IMAGE, 5, mode="nearest-exact"),
    row("UpsamplingNearest2d", IMAGE, scale_factor=2),
    row("UpsamplingBilinear2d", IMAGE, (5, 8)),
    (lambda t: t.nn.Bilinear(3, 4, 5), (floats(2, 6, 3), floats(2, 6, 4))),
    (lambda t: t.nn.Bilinear(3, 4, 5, bias=False), (floats(6, 3), floats(6, 4))),
    (lambda t: t.nn.CosineSimilarity(), (floats(4, 5), floats(1, 4, 5)[0] + 1)),
    (lambda t: t.nn.CosineSimilarity(0, 1e-3), (floats(4, 5), floats(4, 5) * 2 + 1)),
    (lambda t: t.nn.PairwiseDistance(), (floats(4, 5), floats(4, 5) + 1)),
    (lambda t: t.nn.PairwiseDistance(1.0, 0.1, keepdim=True), (floats(4, 5), floats(4, 5) * 3)),
    *[
        (lambda t, d=d: getattr(t.nn, f"MaxUnpool{d}d")(2), (floats(1, 1, *[2] * d), places))
        for d, places in (
            (1, np.array([[[1, 3]]])),
            (2, np.array([[[[0, 3], [13, 10]]]])),
            (3, np.array([[[[[0, 3], [12, 6]], [[32, 35], [61, 63]]]]])),
        )
    ],
    (lambda t: t.nn.EmbeddingBag(9, 3), (integers(9, 4, 5),)),
    (lambda t: t.nn.EmbeddingBag(9, 3, mode="sum"), (integers(9, 6), np.array([0, 2, 2]))),
    (lambda t: t.nn.EmbeddingBag(9, 3, mode="max", padding_idx=-1), (integers(9, 4, 5),)),
    (
        lambda t: t.nn.EmbeddingBag(9, 3, max_norm=0.5, norm_type=1, include_last_offset=True),
        (integers(9, 6), np.array([0, 2, 6])),
    ),
    # Every row as often as the others: torch divides by the frequency of another row.
    (
        lambda t: t.nn.EmbeddingBag(3, 2, scale_grad_by_freq=True),
        (np.array([[0, 1, 2], [2, 1, 0]]),),
    ),
]

LOGITS, CHANCES, SIGNS = floats(6, 4), 0.1 + 0.2 * np.abs(np.sin(floats(6, 4))), np.ones((6, 4))
SIGNS[1::2, ::3] = -1
SIGN = SIGNS[:, 0]
CLASSES, VECTORS = integers(4, 6), (floats(6, 4), floats(6, 4)[::-1] + 0.3, floats(2, 6, 4)[1])
LABELS = np.array([[1, 3, -1, 0], [2, -1, 1, 1], [0, 1, 2, 3]] * 2)
TIME = floats(7, 3, 5) - 2
LENGTHS = (np.array([[1, 2, 2], [3, 1, 4], [2, 1, 3]]), np.array([7, 6, 7]), np.array([3, 2, 1]))


def weights(t: ModuleType) -> Any:
    return t.tensor([0.5, 1.0, 2.0, 0.25])


LOSSES: list[tuple[Make, tuple[Values, ...], tuple[Values, ...]]] = [
    *[
        (lambda t, name=name, r=r: getattr(t.nn, name)(reduction=r), inputs, targets)
        for r in ("mean", "sum", "none")
        for name, inputs, targets in (
            ("L1Loss", (LOGITS,), (CHANCES,)),
            ("MSELoss", (LOGITS,), (CHANCES,)),
            ("SmoothL1Loss", (LOGITS,), (CHANCES,)),
            ("HuberLoss", (LOGITS,), (CHANCES,)),
            ("BCELoss", (CHANCES,), (1 - CHANCES,)),
            ("BCEWithLogitsLoss", (LOGITS,), (CHANCES,)),
            ("KLDivLoss", (LOGITS,), (CHANCES,)),
            ("CrossEntropyLoss", (LOGITS,), (CLASSES,)),
            ("NLLLoss", (LOGITS,), (CLASSES,)),
            ("PoissonNLLLoss", (LOGITS,), (np.abs(LOGITS) * 3,)),
            ("GaussianNLLLoss", (LOGITS, LOGITS + 1, CHANCES), ()),
            ("SoftMarginLoss", (LOGITS,), (SIGNS,)),
            ("HingeEmbeddingLoss", (LOGITS,), (SIGNS,)),
            ("MarginRankingLoss", (LOGITS, CHANCES), (SIGNS,)),
            ("CosineEmbeddingLoss", VECTORS[:2], (SIGN,)),
            ("MultiMarginLoss", (LOGITS,), (CLASSES,)),
            ("MultiLabelMarginLoss", (LOGITS,), (LABELS,)),
            ("MultiLabelSoftMarginLoss", (LOGITS,), (CHANCES,)),
            ("TripletMarginLoss", VECTORS, ()),
            ("TripletMarginWithDistanceLoss", VECTORS, ()),
            ("CTCLoss", (TIME,), LENGTHS),
        )
    ],
    (lambda t: t.nn.SmoothL1Loss(beta=0.5), (LOGITS,), (CHANCES,)),
    (lambda t: t.nn.HuberLoss("sum", 0.5), (LOGITS,), (CHANCES,)),
    (lambda t: t.nn.BCELoss(weights(t)), (CHANCES,), (1 - CHANCES,)),
    (lambda t: t.nn.BCEWithLogitsLoss(pos_weight=weights(t)), (LOGITS,), (CHANCES,)),
    (lambda t: t.nn.KLDivLoss(reduction="batchmean", log_target=True), (LOGITS,), (-CHANCES,)),
    (lambda t: t.nn.CrossEntropyLoss(weights(t), label_smoothing=0.1), (LOGITS,), (CLASSES,)),
    (lambda t: t.nn.CrossEntropyLoss(weights(t), ignore_index=1), (LOGITS,), (CLASSES,)),
    (lambda t: t.nn.CrossEntropyLoss(label_smoothing=0.2), (LOGITS,), (CHANCES,)),
    (lambda t: t.nn.CrossEntropyLoss(), (floats(2, 4, 3, 2),), (integers(4, 2, 3, 2),)),
    (lambda t: t.nn.NLLLoss(weights(t), ignore_index=2), (LOGITS,), (CLASSES,)),
    (lambda t: t.nn.PoissonNLLLoss(False, True, eps=0.1), (CHANCES,), (np.abs(LOGITS) * 3,)),
    (lambda t: t.nn.GaussianNLLLoss(full=True, eps=0.2), (LOGITS, LOGITS + 1, CHANCES), ()),
    (lambda t: t.nn.HingeEmbeddingLoss(0.2), (LOGITS,), (SIGNS,)),
    (lambda t: t.nn.MarginRankingLoss(0.2), (LOGITS, CHANCES), (SIGNS,)),
    (lambda t: t.nn.CosineEmbeddingLoss(0.2), VECTORS[:2], (SIGN,)),
    (lambda t: t.nn.MultiMarginLoss(2, 0.7, weights(t)), (LOGITS,), (CLASSES,)),
    (lambda t: t.nn.MultiLabelSoftMarginLoss(weights(t)), (LOGITS,), (CHANCES,)),
    (lambda t: t.nn.TripletMarginLoss(0.4, 1.0, 0.1, swap=True), VECTORS, ()),
    (
        lambda t: t.nn.TripletMarginWithDistanceLoss(
            distance_function=lambda x, y: (x - y).abs().sum(1), margin=0.4, swap=True
        ),
        VECTORS,
        (),
    ),
    (lambda t: t.nn.CTCLoss(4, zero_infinity=True), (TIME,), LENGTHS),
    (
        lambda t: t.nn.LinearCrossEntropyLoss(
            4, 3, bias=True, weight=weights(t)[:3], label_smoothing=0.1
        ),
        (LOGITS,),
        (integers(3, 6),),
    ),
]


def names(case: tuple[Make, tuple[Values, ...]]) -> str:
    return type(case[0](torch)).__name__


def results(
    t: ModuleType, make: Make, inputs: tuple[Values, ...], dtype: str, train: bool, *more: Values
) -> dict[str, Any]:
    """What a module says and computes, with the buffers after two steps."""
    t.manual_seed(6)
    module = make(t)
    found: dict[str, Any] = {"repr": repr(module)}
    found["state"] = [(name, x.shape, str(x.dtype)[-5:]) for name, x in module.state_dict().items()]
    found |= {"first " + name: p.detach().numpy().copy() for name, p in module.named_parameters()}
    module.to(getattr(t, dtype)).train(train)
    if t is minitorch:
        module.to("numpy")
    for _ in range(2):
        module.zero_grad()
        tensors = []
        for x in (*inputs, *more):
            tensor = t.tensor(x, device="numpy" if t is minitorch else "cpu")
            if tensor.is_floating_point():
                tensor = tensor.to(getattr(t, dtype)).requires_grad_(not any(x is m for m in more))
            tensors.append(tensor)
        given = [x * 1 if x.requires_grad else x for x in tensors]  # may be written into
        y, *rest = y if isinstance(y := module(*given), tuple) else (y,)
        found |= {"output": y.detach().numpy(), "rest": [each.numpy() for each in rest]}
        weights = t.tensor(np.cos(1.0 + np.arange(y.numel())).reshape(y.shape), device=y.device)
        (y * weights.to(y.dtype)).sum().backward()
    leaves = [(f"input {i}", x) for i, x in enumerate(tensors)] + [*module.named_parameters()]
    found |= {"grad " + name: p.grad.numpy() for name, p in leaves if p.grad is not None}
    found |= {name: buffer.numpy() for name, buffer in module.named_buffers()}
    found["generator"] = t.get_rng_state().numpy()
    return found


def agree(ours: dict[str, Any], theirs: dict[str, Any], dtype: str) -> None:
    assert ours.keys() == theirs.keys()
    limit = 1e-5 if dtype == "float32" else 1e-10
    if theirs["repr"] == "Hardsigmoid()":  # torch's gradient has 1/6 rounded to float32
        limit = max(limit, 1e-7)
    for name, expected in theirs.items():
        if name.startswith(("first", "generator")):
            np.testing.assert_array_equal(ours[name], expected, err_msg=name)
        elif name in ("repr", "state"):
            assert ours[name] == expected
        else:
            np.testing.assert_equal(
                [x.dtype for x in np.atleast_1d(ours[name])],
                [x.dtype for x in np.atleast_1d(expected)],
            )
            np.testing.assert_allclose(ours[name], expected, limit, limit, err_msg=name)


@pytest.mark.filterwarnings("ignore:dropout2d. Received a 3")
@pytest.mark.parametrize(
    ("dtype", "train"), [("float32", True), ("float32", False), ("float64", True)]
)
@pytest.mark.parametrize("case", ROWS, ids=names)
def test_a_module_is_that_of_torch(
    case: tuple[Make, tuple[Values, ...]], dtype: str, train: bool
) -> None:
    make, inputs = case
    ours = results(minitorch, make, inputs, dtype, train)
    agree(ours, results(torch, make, inputs, dtype, train), dtype)


@pytest.mark.filterwarnings("ignore:(kl_div|reduction). ")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("make", "inputs", "targets"), LOSSES, ids=[names((make, ())) for make, _, _ in LOSSES]
)
def test_a_loss_is_that_of_torch(
    make: Make, inputs: tuple[Values, ...], targets: tuple[Values, ...], dtype: str
) -> None:
    ours = results(minitorch, make, inputs, dtype, True, *targets)
    agree(ours, results(torch, make, inputs, dtype, True, *targets), dtype)
