"""Neural functions with the arguments that PyTorch's top level has."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor.functional import cells, grid, top_level

from .functional_oracle import Array, normal, positive

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

X, Y = normal(3, 4), positive(3, 4)
SIGNS = np.array([1.0, -1.0, 1.0])
CUBE = normal(2, 3, 4)
INDEX, OFFSETS = np.array([0, 2, 2, 4, 1]), np.array([0, 2, 2])
Call = Callable[..., Any]


class Names:
    """Ours under one roof, as in torch."""

    def __getattr__(self, name: str) -> Any:
        for module in (top_level, grid, cells):
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(name)


CALLS: list[tuple[str, Call, list[Array]]] = [
    *(
        (f"{name} {r}", lambda lib, *x, f=name, r=r: getattr(lib, f)(*x, reduction=r), list(x))
        for r in (0, 1, 2)
        for name, *x in (
            ("binary_cross_entropy_with_logits", X, Y),
            ("cosine_embedding_loss", X, Y, SIGNS),
            ("hinge_embedding_loss", X, np.sign(X)),
            ("kl_div", X, Y),
            ("margin_ranking_loss", X, Y, np.sign(X)),
            ("triplet_margin_loss", X, Y, X * 2),
        )
    ),
    ("poisson_nll_loss",
     lambda lib, x, y: lib.poisson_nll_loss(x, y, True, False, 1e-8, 2), [X, Y]),
    ("bce", lambda lib, x, y: lib.binary_cross_entropy_with_logits(x, y, None, x.abs(), 0), [X, Y]),
    ("ctc", lambda lib, x, t: lib.ctc_loss(x, t, [5, 5], [2, 1], 0, 2, True),
     [np.log(positive(5, 2, 4)), np.array([[1, 2], [3, 3]])]),
    ("batch_norm",
     lambda lib, x, w: lib.batch_norm(x, w, None, None, None, True, 0.1, 1e-3, False),
     [CUBE, normal(3)]),
    ("instance_norm",
     lambda lib, x, w: lib.instance_norm(x, w, None, None, None, True, 0.1, 1e-3, False),
     [CUBE, normal(3)]),
    *(
        (f"native_layer_norm {k}",
         lambda lib, x, w, k=k: lib.native_layer_norm(x, (4,), w, None, 1e-3)[k], [CUBE, normal(4)])
        for k in range(3)
    ),
    ("embedding", lambda lib, w, i: lib.embedding(w, i, 2), [normal(5, 3), INDEX]),
    *(
        (f"embedding_bag {mode} {k} {padding}",
         lambda lib, w, i, o, m=mode, k=k, p=padding: lib.embedding_bag(
             w, i, o, False, m, False, None, False, p)[k],
         [normal(5, 3), INDEX, OFFSETS])
        for mode in range(3) for k in range(4) for padding in (None, 2)
    ),
    ("adaptive_max_pool1d", lambda lib, x: lib.adaptive_max_pool1d(x, 3)[1], [CUBE]),
    ("grid_sampler_2d", lambda lib, x, g: lib.grid_sampler_2d(x, g, 0, 1, True),
     [normal(1, 2, 3, 3), normal(1, 4, 4, 2)]),
    ("grid_sampler_3d", lambda lib, x, g: lib.grid_sampler_3d(x, g, 1, 2, False),
     [normal(1, 2, 3, 3, 2), normal(1, 2, 2, 2, 3)]),
    ("affine_grid_generator", lambda lib, t: lib.affine_grid_generator(t, (2, 1, 3, 4), False),
     [normal(2, 2, 3)]),
    *(
        (f"{name} {p}", lambda lib, x, f=name, p=p: getattr(lib, f)(x * 1, p, True), [CUBE])
        for name in ("dropout", "dropout_", "alpha_dropout", "alpha_dropout_", "feature_dropout",
                     "feature_dropout_", "feature_alpha_dropout", "feature_alpha_dropout_")
        for p in (0.4, 1.0)
    ),
]  # fmt: skip


@pytest.mark.parametrize(("label", "call", "arrays"), CALLS, ids=[c[0] for c in CALLS])
def test_the_arguments_are_those_of_torch(label: str, call: Call, arrays: list[Array]) -> None:
    mt.manual_seed(5)
    torch.manual_seed(5)
    ours = call(Names(), *(mt.tensor(a) for a in arrays))
    theirs = call(torch, *(torch.tensor(a) for a in arrays)).numpy()
    assert ours.numpy().dtype == theirs.dtype
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-9, atol=1e-12)


def test_a_reduction_that_is_no_number_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected 0 \(none\), 1 \(mean\) or 2 \(sum\)"):
        top_level.kl_div(mt.ones(2), mt.ones(2), 7)
    with pytest.raises(ValueError, match="mode has to be 0"):
        top_level.embedding_bag(mt.ones(2, 2), mt.tensor([0]), mt.tensor([0]), mode=3)
    with pytest.raises(RuntimeError, match="grid_sampler_2d: expected 4D input"):
        top_level.grid_sampler_2d(mt.ones(1), mt.ones(1), 0, 0, True)
    with pytest.raises(RuntimeError, match="sparse gradients are not supported"):
        top_level.embedding(mt.ones(2, 2), mt.tensor([0]), sparse=True)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_methods_take_a_dtype_and_need_a_dimension(name: str) -> None:
    x = mt.tensor([[1, 2], [3, 5]])
    ours = getattr(x, name)(1, mt.float64)
    theirs = getattr(torch.tensor([[1, 2], [3, 5]]), name)(1, torch.float64)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)
    with pytest.raises(TypeError, match="argument 'dim' must be int, not None"):
        getattr(x, name)(None)
    with pytest.raises(RuntimeError, match="expected a floating point tensor"):
        getattr(x, name)(0)


def test_prelu_and_hardshrink_are_methods() -> None:
    x = mt.tensor([-1.0, 0.2, 2.0])
    assert x.prelu(mt.tensor([0.5])).tolist() == [-0.5, pytest.approx(0.2), 2.0]
    assert x.hardshrink(0.6).tolist() == [-1.0, 0.0, 2.0]
