"""Activations, softmax, normalisations and losses give PyTorch's numbers."""

import math

import numpy as np
import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F

from .functional_oracle import Case, assert_like_torch, normal, parametrize, positive, whole

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides", "ignore:kl_div. reduction"),
    pytest.mark.filterwarnings("ignore:.*Using a target size"),
]

ACTIVATIONS: list[tuple[str, dict[str, object]]] = [
    ("celu", {"alpha": 0.7}),
    ("elu", {"alpha": 0.7}),
    ("gelu", {}),
    ("gelu", {"approximate": "tanh"}),
    ("glu", {"dim": 0}),
    ("hardshrink", {"lambd": 0.3}),
    ("hardsigmoid", {}),
    ("hardswish", {}),
    ("hardtanh", {"min_val": -0.5, "max_val": 0.7}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("logsigmoid", {}),
    ("mish", {}),
    ("relu", {}),
    ("relu6", {}),
    ("selu", {}),
    ("sigmoid", {}),
    ("silu", {}),
    ("softplus", {}),
    ("softplus", {"beta": 2.0, "threshold": 3.0}),
    ("softplus", {"threshold": 30.0}),
    ("softshrink", {"lambd": 0.3}),
    ("softsign", {}),
    ("tanh", {}),
    ("tanhshrink", {}),
    ("threshold", {"threshold": 0.1, "value": 20.0}),
]
POINTWISE = [
    *(
        Case(
            f"{name} {options}",
            lambda F, x, f=name, o=options: getattr(F, f)(x, **o),
            [normal(4, 5) * 3],
            second=not name.startswith("hards"),  # PyTorch has none
            # These two round a constant to float32 in PyTorch.
            tolerance=1e-6 if name in ("celu", "hardsigmoid") else 1e-9,
        )
        for name, options in ACTIVATIONS
    ),
    *(
        Case(
            f"prelu {x} {w}",
            lambda F, x, w: F.prelu(x, w),
            [normal(*x), normal(*w)],
        )
        for x, w in [((3, 4), (4,)), ((3, 4, 2), (4,)), ((3, 4), (1,)), ((3,), (1,))]
    ),
    *(
        Case(
            f"{name} of integers",
            lambda F, x, f=name, o=options: getattr(F, f)(x, **o),
            [np.array([-3, 0, 1, 9])],
        )
        for name, options in [
            ("relu", {}),
            ("relu6", {}),
            ("sigmoid", {}),
            ("tanh", {}),
            ("softsign", {}),
            ("tanhshrink", {}),
            ("hardtanh", {"min_val": -1.7, "max_val": 2.5}),
            ("threshold", {"threshold": 1, "value": 20}),
        ]
    ),
]


@parametrize(POINTWISE)
def test_an_activation(case: Case) -> None:
    assert_like_torch(case)


SOFTMAX = [
    *(
        Case(
            f"{name} {shape} {dim}",
            lambda F, x, f=name, d=dim: getattr(F, f)(x, dim=d),
            [normal(*shape) * 10],
            second=0 not in shape,
        )
        for name in ("softmax", "log_softmax", "softmin")
        for shape, dim in [
            ((3, 4), 1), ((3, 4), 0), ((2, 3, 4), -2), ((), 0), ((0, 3), 1), ((3, 0), 1),
        ]
    ),
    *(
        Case(
            f"softmax of {x.dtype} in float64",
            lambda F, x: F.softmax(x, dim=1, dtype=mt.float64 if F is not torch.nn.functional
                                   else torch.float64),
            [x],
        )
        for x in (normal(2, 3).astype(np.float32), whole(5, 2, 3))
    ),
    Case("softmax of -inf", lambda F, x: F.softmax(x, dim=0), [np.full(2, -np.inf)], second=False),
]  # fmt: skip


@parametrize(SOFTMAX)
def test_a_softmax(case: Case) -> None:
    assert_like_torch(case)


VECTOR_WITH_ZEROS = np.array([[3.0, 0.0, -4.0], [0.0, 0.0, 0.0]])
NORMS = [
    *(
        Case(
            f"normalize {p} {dim} {which}",
            lambda F, x, p=p, d=dim: F.normalize(x, p, d),
            [x],
            second=which == "full",
        )
        for p in (2, 1, 3, 0.5, math.inf)
        for dim in (1, (0, 1))
        for which, x in (("full", normal(3, 4)), ("zeros", VECTOR_WITH_ZEROS))
    ),
    *(
        Case(
            f"batch_norm {x} training",
            lambda F, x, w, b: F.batch_norm(x, None, None, w, b, training=True),
            [normal(*x), normal(3), normal(3, 1)[:, 0]],
        )
        for x in [(4, 3), (4, 3, 5), (2, 3, 4, 5)]
    ),
    *(
        Case(
            f"batch_norm {x} evaluating",
            lambda F, x, m, v, w, b: F.batch_norm(x, m, v, w, b),
            [normal(*x), normal(3, 2)[:, 0], positive(3), normal(3), normal(3, 1)[:, 0]],
            constant=(1, 2),
        )
        for x in [(4, 3), (1, 3), (2, 3, 4, 5)]
    ),
    *(
        Case(
            f"{name} {x} {shape}",
            lambda F, x, *affine, f=name, n=shape: getattr(F, f)(x, n, *affine),
            [normal(*x), *(normal(*shape, k)[..., 0] for k in range(1, count))],
            second=0 not in x,
        )
        for name, count in (("layer_norm", 3), ("rms_norm", 2), ("layer_norm", 1))
        for x, shape in [((2, 3), (3,)), ((2, 3, 4), (3, 4)), ((3,), (3,)), ((0, 3), (3,))]
    ),
    *(
        Case(
            f"group_norm {x} {groups}",
            lambda F, x, w, b, g=groups: F.group_norm(x, g, w, b),
            [normal(*x), normal(x[1]), normal(x[1], 1)[:, 0]],
        )
        for x, groups in [((2, 4), 2), ((2, 6, 3), 3), ((2, 4, 3, 2), 4), ((2, 4, 3, 2), 1)]
    ),
]


@parametrize(NORMS)
def test_a_normalisation(case: Case) -> None:
    assert_like_torch(case)


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (0, 3, 2)])
def test_running_statistics_follow_as_in_torch(shape: tuple[int, ...]) -> None:
    x, mean, var = normal(*shape), normal(3), positive(3)
    a, b = mt.tensor(mean), mt.tensor(var)
    c, d = torch.tensor(mean), torch.tensor(var)
    for _ in range(2):
        F.batch_norm(mt.tensor(x), a, b, training=True, momentum=0.3)
        torch.nn.functional.batch_norm(torch.tensor(x), c, d, training=True, momentum=0.3)
    assert a.tolist() == pytest.approx(c.tolist(), rel=1e-12)
    assert b.tolist() == pytest.approx(d.tolist(), rel=1e-12)


REDUCTIONS = ("mean", "sum", "none")
SHAPES = [
    ((4, 3), (4,)),
    ((3,), ()),
    ((2, 3, 5), (2, 5)),
    ((2, 3, 2, 2), (2, 2, 2)),
]


def classes(name: str, x: tuple[int, ...], target: tuple[int, ...], **options: object) -> Case:
    """A loss of 3 classes, with or without a weight for each."""
    weights = [positive(3)] if options.pop("weighted", False) else []
    t = np.asarray(whole(2, *target) * 2)  # classes 0 and 2
    return Case(
        f"{name} {x} {options} {'weighted' if weights else ''}",
        lambda F, x, t, *w: getattr(F, name)(x, t, *w, **options),
        [normal(*x) * 3, t, *weights],
        constant=(2,),
    )


CLASSES = [
    *(
        classes(name, x, target, reduction=reduction, weighted=weighted, ignore_index=ignore)
        for name in ("nll_loss", "cross_entropy")
        for x, target in SHAPES
        for reduction in REDUCTIONS
        for weighted in (False, True)
        for ignore in (-100, 2)
        if target or ignore < 0
    ),
    *(
        classes("cross_entropy", x, target, label_smoothing=0.2, **more)
        for x, target in SHAPES
        for more in (
            {"reduction": "mean"},
            {"reduction": "mean", "weighted": True},
            {"reduction": "sum", "weighted": True},
            {"reduction": "none"},
        )
    ),
    classes("cross_entropy", (4, 3), (4,), label_smoothing=0.2, weighted=True, ignore_index=2),
    *(
        Case(
            f"cross_entropy of probabilities {x} {reduction} {smoothing} {len(weights)}",
            lambda F, x, t, *w, r=reduction, s=smoothing: F.cross_entropy(
                x, t, *w, reduction=r, label_smoothing=s
            ),
            [normal(*x) * 3, positive(*x), *weights],
            constant=(2,),
        )
        for x, _ in SHAPES
        for reduction in REDUCTIONS
        for smoothing in (0.0, 0.2)
        for weights in ([], [positive(3)])
    ),
    *(
        Case(label, lambda F, x, t: F.cross_entropy(x, t), [x, np.array(t)], second=False)
        for label, x, t in [
            ("uint8 targets", normal(2, 3), np.array([0, 2], np.uint8)),
            ("an empty batch", normal(0, 3), np.zeros(0, np.int64)),
            ("all ignored", normal(2, 3), [-100, -100]),
            ("a score of -inf", np.array([[-np.inf, 1.0, 2.0], [0.0, 1.0, 2.0]]), [1, 2]),
            ("an ignored -inf", np.array([[-np.inf, 1.0, 2.0], [0.0, 1.0, 2.0]]), [-100, 0]),
        ]
    ),
    Case(
        "one class in brackets",
        lambda F, x, t: F.cross_entropy(x, t, reduction="none"),
        [normal(3), np.array([2])],
        gradients=False,
    ),
]


@parametrize(CLASSES)
def test_a_loss_of_classes(case: Case) -> None:
    assert_like_torch(case)


DIFFERENCES: list[tuple[str, dict[str, object]]] = [
    ("mse_loss", {}),
    ("l1_loss", {}),
    ("smooth_l1_loss", {}),
    ("smooth_l1_loss", {"beta": 0.3}),
    ("smooth_l1_loss", {"beta": 0}),
    ("huber_loss", {"delta": 0.4}),
    ("binary_cross_entropy_with_logits", {}),
]
OTHERS = [
    *(
        Case(
            f"{name} {options} {reduction} {target}",
            lambda F, x, t, f=name, o=options, r=reduction: getattr(F, f)(x, t, reduction=r, **o),
            [normal(3, 4), normal(*target, 1)[..., 0]],
        )
        for name, options in DIFFERENCES
        for reduction in REDUCTIONS
        for target in ((3, 4), (4,))
        if target == (3, 4) or "logits" not in name
    ),
    *(
        Case(
            f"{name} weighted {reduction}",
            lambda F, x, t, w, f=name, r=reduction: getattr(F, f)(x, t, reduction=r, weight=w),
            [normal(3, 4), normal(3, 4, 1)[..., 0], positive(3, 4)],
            second=False,
        )
        for name in ("mse_loss", "l1_loss", "huber_loss")
        for reduction in REDUCTIONS
    ),
    *(
        Case(
            f"binary_cross_entropy_with_logits, both weights, {reduction}",
            lambda F, x, t, w, p, r=reduction: F.binary_cross_entropy_with_logits(
                x, t, w, pos_weight=p, reduction=r
            ),
            [normal(3, 4), positive(3, 4), positive(4), positive(4) * 3],
            constant=(2, 3),
        )
        for reduction in REDUCTIONS
    ),
    *(
        Case(
            f"binary_cross_entropy {reduction}",
            lambda F, x, t, w, r=reduction: F.binary_cross_entropy(x, t, w, reduction=r),
            [positive(3, 4), positive(4, 3).T, positive(4)],
            constant=(2,),
        )
        for reduction in REDUCTIONS
    ),
    Case(
        "binary_cross_entropy of certainties",
        lambda F, x, t: F.binary_cross_entropy(x, t, reduction="none"),
        [np.array([0.0, 1.0, 0.0, 1.0, 0.5]), np.array([0.0, 1.0, 1.0, 0.0, 0.0])],
        second=False,
        tolerance=1e-8,
    ),
    *(
        Case(
            f"kl_div {reduction} {log}",
            lambda F, x, t, r=reduction, o=log: F.kl_div(x, t, reduction=r, log_target=o),
            [normal(3, 4), positive(3, 4)],
        )
        for reduction in (*REDUCTIONS, "batchmean")
        for log in (False, True)
    ),
    Case(
        "kl_div with impossible events",
        lambda F, x, t: F.kl_div(x, t, reduction="sum"),
        [normal(2, 2), np.array([[0.0, 1.0], [0.5, 0.5]])],
        constant=(1,),
    ),
]


@parametrize(OTHERS)
def test_another_loss(case: Case) -> None:
    assert_like_torch(case)
