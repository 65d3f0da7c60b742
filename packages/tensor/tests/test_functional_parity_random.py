"""Functions that draw numbers give those of PyTorch for a seed, and their gradients."""

import numpy as np
import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F

from .functional_oracle import Case, assert_like_torch, normal, parametrize, values

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity


def seeded(name: str, *shape: int, dtype: str = "float64", **options: object) -> Case:
    """A call after a seed was set for both libraries."""

    def call(functional: object, x: object) -> object:
        (mt if functional is F else torch).manual_seed(7)
        return getattr(functional, name)(x, **options)

    tolerance = 1e-9 if dtype == "float64" else 1e-5
    return Case(f"{name} {shape} {dtype} {options}", call, [normal(*shape).astype(dtype)],
                second=dtype == "float64", tolerance=tolerance)  # fmt: skip


CASES = [
    *(
        seeded(name, *shape, dtype=dtype, p=p, training=True)
        for name in ("alpha_dropout", "feature_alpha_dropout")
        for shape in ((2, 3), (2, 40, 3))
        for dtype in ("float64", "float32")
        for p in (0.3, 1.0, 0.0)
    ),
    seeded("alpha_dropout", 3),
    *(
        seeded("rrelu", *shape, dtype=dtype, lower=0.1, upper=0.5, training=True)
        for shape in ((5,), (3, 40), (0, 2), ())
        for dtype in ("float64", "float32")
    ),
    seeded("rrelu", 3, 4),
    *(
        seeded("gumbel_softmax", *shape, dtype=dtype, **options)
        for shape in ((3, 4), (17, 5))
        for dtype in ("float64", "float32")
        for options in ({}, {"tau": 0.5, "dim": 0}, {"hard": True})
    ),
]


@parametrize(CASES)
def test_a_random_function(case: Case) -> None:
    assert_like_torch(case)


@pytest.mark.parametrize("p", [0.4, 1.0])
def test_alpha_dropout_in_place(p: float) -> None:
    a = normal(4, 5)
    x, t = mt.tensor(a), torch.tensor(a)
    mt.manual_seed(1)
    torch.manual_seed(1)
    assert F.alpha_dropout(x, p, True, True) is x
    torch.nn.functional.alpha_dropout(t, p, True, True)
    np.testing.assert_allclose(values(x), values(t), rtol=1e-12)
    assert np.array_equal(np.signbit(x.numpy()), np.signbit(t.numpy()))


def test_the_mask_of_transposed_memory_is_drawn_along_it() -> None:
    a = normal(6, 5)
    mt.manual_seed(1)
    torch.manual_seed(1)
    ours = F.alpha_dropout(mt.tensor(a).t(), 0.4, True)
    theirs = torch.nn.functional.alpha_dropout(torch.tensor(a).t(), 0.4, True)
    np.testing.assert_allclose(values(ours), values(theirs), rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("celu_", (2.0,)),
        ("elu_", (0.5,)),
        ("hardtanh_", (-0.5, 0.7)),
        ("leaky_relu_", (0.2,)),
        ("relu_", ()),
        ("selu_", ()),
        ("threshold_", (0.1, 3.0)),
        ("rrelu_", (0.1, 0.3)),
    ],
)
def test_an_activation_in_place(name: str, args: tuple[float, ...]) -> None:
    def call(functional: object, x: object) -> object:
        y = x * 1  # type: ignore[operator]
        assert getattr(functional, name)(y, *args) is y
        return y * y

    assert_like_torch(Case(name, call, [normal(3, 4)]))
