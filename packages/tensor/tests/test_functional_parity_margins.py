"""Distances, and losses with margins and of likelihoods, give PyTorch's numbers."""

import numpy as np
import pytest

from .functional_oracle import Case, assert_like_torch, normal, parametrize, positive, whole

pytestmark = pytest.mark.parity

X, Y, Z = normal(5, 4), normal(5, 4) * 0.5 + 0.1, normal(4, 5).T.copy()
SIGNS = np.array([1.0, -1.0, -1.0, 1.0, 1.0])
SIGN_TABLE = np.sign(normal(5, 4))
INF = float("inf")

DISTANCES = [
    *(
        Case(f"pairwise_distance {o}", lambda F, x, y, o=o: F.pairwise_distance(x, y, **o), [X, Z])
        for o in ({}, {"p": 1}, {"p": 3.0, "keepdim": True}, {"p": INF}, {"eps": 0.0})
    ),
    Case("pairwise_distance, broadcast", lambda F, x, y: F.pairwise_distance(x, y), [X, Z[0]]),
    Case("pairwise_distance of numbers", lambda F, x, y: F.pairwise_distance(x, y),
         [np.array(1.5), np.array(0.25)]),
    *(
        Case(f"cosine_similarity {o}", lambda F, x, y, o=o: F.cosine_similarity(x, y, **o), [X, Z])
        for o in ({}, {"dim": 0}, {"dim": -1, "eps": 1.0}, {"eps": 100.0})
    ),
    Case("cosine_similarity, broadcast", lambda F, x, y: F.cosine_similarity(x, y, -1),
         [normal(2, 3, 4), normal(3, 4)]),
    Case("cosine_similarity of zeros", lambda F, x, y: F.cosine_similarity(x, y),
         [np.zeros((2, 3)), normal(2, 3)], second=False),
    Case("cosine_similarity with integers", lambda F, x, y: F.cosine_similarity(x, y),
         [whole(9, 2, 3) - 4, normal(2, 3)]),
    *(
        Case(f"pdist {p} {x.shape}", lambda F, x, p=p: F.pdist(x, p), [x], second=False)
        for p in (2.0, 1.0, 3.0, INF)
        for x in (X, normal(2, 3), normal(1, 3))
    ),
    Case("pdist 0", lambda F, x: F.pdist(x, 0.0), [whole(2, 4, 2).astype(float)], gradients=False),
    Case("pdist of equal rows", lambda F, x: F.pdist(x), [np.ones((3, 2))], second=False),
    Case("pdist of nothing", lambda F, x: F.pdist(x), [np.zeros((3, 0))], gradients=False),
]  # fmt: skip


@parametrize(DISTANCES)
def test_a_distance(case: Case) -> None:
    assert_like_torch(case)


REDUCTIONS = ("mean", "sum", "none")
LISTS = np.array([[0, 2, -1, 1], [3, -1, 0, 0], [-1, 1, 1, 1], [0, 1, 2, 3], [1, 1, 2, -1]])

LOSSES = [
    case
    for r in REDUCTIONS
    for case in (
        Case(f"hinge_embedding_loss {r}",
             lambda F, x, t, r=r: F.hinge_embedding_loss(x, t, 0.8, reduction=r),
             [X, SIGN_TABLE], constant=(1,)),
        Case(f"hinge_embedding_loss of others {r}",
             lambda F, x, t, r=r: F.hinge_embedding_loss(x, t, reduction=r),
             [X, np.array([1.0, 0.0, -1.0, 2.0])], constant=(1,)),
        Case(f"margin_ranking_loss {r}",
             lambda F, x, y, t, r=r: F.margin_ranking_loss(x, y, t, 0.3, reduction=r),
             [X, Z, SIGN_TABLE], constant=(2,)),
        Case(f"soft_margin_loss {r}",
             lambda F, x, t, r=r: F.soft_margin_loss(x, t, reduction=r),
             [X, SIGN_TABLE], constant=(1,)),
        Case(f"multilabel_soft_margin_loss {r}",
             lambda F, x, t, w, r=r: F.multilabel_soft_margin_loss(x, t, w, reduction=r),
             [X, positive(5, 4), positive(4)], constant=(1, 2)),
        Case(f"multi_margin_loss {r}",
             lambda F, x, t, r=r: F.multi_margin_loss(x, t, reduction=r),
             [X, whole(4, 5)], second=False),
        Case(f"multi_margin_loss squared, weighted {r}",
             lambda F, x, t, w, r=r: F.multi_margin_loss(x, t, 2, 0.5, w, reduction=r),
             [X, whole(4, 5), positive(4)], second=False, constant=(2,)),
        Case(f"multi_margin_loss of one {r}",
             lambda F, x, t, r=r: F.multi_margin_loss(x, t, reduction=r),
             [normal(4), np.array(2)], second=False),
        Case(f"multi_margin_loss of one in a row {r}",
             lambda F, x, t, r=r: F.multi_margin_loss(x, t, reduction=r),
             [normal(4), np.array([2])], second=False),
        Case(f"multilabel_margin_loss {r}",
             lambda F, x, t, r=r: F.multilabel_margin_loss(x, t, reduction=r),
             [X, LISTS], second=False),
        Case(f"multilabel_margin_loss of one {r}",
             lambda F, x, t, r=r: F.multilabel_margin_loss(x, t, reduction=r),
             [normal(4), LISTS[0]], second=False),
        Case(f"cosine_embedding_loss {r}",
             lambda F, x, y, t, r=r: F.cosine_embedding_loss(x, y, t, 0.1, reduction=r),
             [X, Z, SIGNS], constant=(2,)),
        Case(f"cosine_embedding_loss of one {r}",
             lambda F, x, y, t, r=r: F.cosine_embedding_loss(x, y, t, reduction=r),
             [X[0], Z[0], np.array(-1)]),
        Case(f"triplet_margin_loss {r}",
             lambda F, x, y, z, r=r: F.triplet_margin_loss(x, y, z, 0.7, 3, swap=True, reduction=r),
             [X, Y, Z]),
        Case(f"triplet_margin_with_distance_loss {r}",
             lambda F, x, y, z, r=r: F.triplet_margin_with_distance_loss(
                 x, y, z, distance_function=lambda a, b: (a - b).abs().sum(-1), reduction=r),
             [X, Y, Z]),
        Case(f"poisson_nll_loss {r}",
             lambda F, x, t, r=r: F.poisson_nll_loss(x, t, reduction=r),
             [X, whole(5, 5, 4).astype(float)], constant=(1,)),
        Case(f"poisson_nll_loss of rates, full {r}",
             lambda F, x, t, r=r: F.poisson_nll_loss(x, t, False, True, eps=1e-3, reduction=r),
             [positive(5, 4), whole(5, 5, 4).astype(float)], constant=(1,)),
        Case(f"gaussian_nll_loss {r}",
             lambda F, x, t, v, r=r: F.gaussian_nll_loss(x, t, v, reduction=r),
             [X, Y, positive(5, 4)]),
        Case(f"gaussian_nll_loss, small variances {r}",
             lambda F, x, t, v, r=r: F.gaussian_nll_loss(x, t, v, True, 0.5, r),
             [X, Y, positive(5)]),
        Case(f"gaussian_nll_loss, a column {r}",
             lambda F, x, t, v, r=r: F.gaussian_nll_loss(x, t, v, reduction=r),
             [X, Y, positive(5, 1)]),
    )
]  # fmt: skip


@parametrize(LOSSES)
def test_a_loss(case: Case) -> None:
    assert_like_torch(case)


OTHERS = [
    Case("triplet_margin_with_distance_loss, default",
         lambda F, x, y, z: F.triplet_margin_with_distance_loss(x, y, z, swap=True), [X, Y, Z]),
    Case("gaussian_nll_loss, one variance",
         lambda F, x, t: F.gaussian_nll_loss(x, t, 2.0), [X, Y]),
    Case("soft_margin_loss of large numbers",
         lambda F, x, t: F.soft_margin_loss(x, t, reduction="none"),
         [np.array([1e3, -1e3, 30.0]), np.ones(3)], gradients=False),
    Case("cosine_embedding_loss of integers", lambda F, x, y, t: F.cosine_embedding_loss(x, y, t),
         [whole(9, 3, 4), whole(9, 3, 4) + 1, np.array([1, -1, 1])]),
    Case("poisson_nll_loss of integers", lambda F, x, t: F.poisson_nll_loss(x, t),
         [whole(5, 3, 4), whole(9, 3, 4)]),
]  # fmt: skip


@parametrize(OTHERS)
def test_an_edge_of_a_loss(case: Case) -> None:
    assert_like_torch(case)
