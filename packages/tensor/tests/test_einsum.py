"""einsum beside NumPy's on random equations; the order of contraction; what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import minitorch_tensor as mt
from minitorch_tensor.autograd import grad
from minitorch_tensor.linear_algebra.contraction import contraction_order

Array = NDArray[np.float64]

LETTERS = "abXY"
SIZES = {"a": 2, "b": 3, "X": 1, "Y": 4}


@st.composite
def equations(draw: st.DrawFn) -> tuple[str, list[tuple[int, ...]]]:
    """Up to four operands of up to three labels, some repeated, some broadcast, some with dots."""
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 4))):
        labels = draw(st.lists(st.sampled_from(LETTERS), max_size=3))
        dots = draw(st.integers(0, 2))
        lead = (5, 2)[2 - dots :]
        at = draw(st.integers(0, len(labels)))
        with_dots = draw(st.booleans())
        term = "".join(labels[:at]) + ("..." if with_dots else "") + "".join(labels[at:])
        shape = [SIZES[label] for label in labels]
        terms.append(term)
        shapes.append((*shape[:at], *(lead if with_dots else ()), *shape[at:]))
    used = sorted({label for term in terms for label in term if label != "."})
    output = draw(st.permutations(used))[: draw(st.integers(0, len(used)))]
    return f"{','.join(terms)}->...{''.join(output)}", shapes


@settings(max_examples=100)
@given(equations(), st.integers(0, 9))
def test_einsum_is_numpys(case: tuple[str, list[tuple[int, ...]]], seed: int) -> None:
    equation, shapes = case
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    y = mt.einsum(equation, *(mt.tensor(x) for x in arrays))
    expected: Array = np.asarray(np.einsum(equation, *arrays, optimize=False))
    assert y.shape == expected.shape
    np.testing.assert_allclose(np.asarray(y, np.float64), expected, atol=1e-9)


@given(equations())
@settings(max_examples=100)
def test_the_gradient_of_einsum_is_its_transpose(
    case: tuple[str, list[tuple[int, ...]]],
) -> None:
    # einsum is linear in each operand x: <einsum(dx), g> == <dx, gradient of x>
    equation, shapes = case
    rng = np.random.default_rng(1)
    tensors = [mt.tensor(rng.standard_normal(shape), requires_grad=True) for shape in shapes]
    y = mt.einsum(equation, *tensors)
    g = mt.tensor(rng.standard_normal(y.shape))
    for i, gradient in enumerate(grad(y, tensors, g)):
        assert gradient is not None
        moved = [*tensors]
        moved[i] = mt.tensor(rng.standard_normal(shapes[i]))
        left = (mt.einsum(equation, *moved) * g).sum().item()
        right = (moved[i] * gradient).sum().item()
        assert left == pytest.approx(right, abs=1e-8)


def test_both_forms_are_one() -> None:
    x, y = mt.rand(2, 3), mt.rand(3, 4)
    expected = x @ y
    for found in (
        mt.einsum("ij,jk->ik", x, y),
        mt.einsum(" i j , j k -> i k ", [x, y]),
        mt.einsum(x, [0, 1], y, [1, 2], [0, 2]),
        mt.einsum(x, [51, ...], y, [..., 7], [51, 7]),
    ):
        assert mt.allclose(found, expected)


def test_without_an_output_labels_are_in_the_order_of_the_alphabet_upper_case_first() -> None:
    x = mt.arange(6).reshape(2, 3)
    assert mt.einsum("ba", x).shape == (3, 2)
    assert mt.einsum("bA", x).shape == (3, 2)
    assert mt.einsum("Ba", x).shape == (2, 3)


@pytest.mark.parametrize(
    ("equation", "shapes", "message"),
    [
        ("ij,jk", [(2, 3), (4, 5)], r"subscript j has size 4 at dimension 0 of operand 1"),
        ("ii", [(2, 3)], r"subscript i has size 3 at dimension 1"),
        ("i", [(2, 3)], r"number of subscripts \(1\) .* dimensions \(2\) of operand 0, and it has"),
        ("ijk...", [(2, 3)], r"number of subscripts \(3\) .* \(it has an ellipsis\)"),
        ("ij->ik", [(2, 3)], r"output subscript k does not appear in the equation"),
        ("ij->ii", [(2, 3)], r"output subscript i appears more than once"),
        ("i$", [(2, 3)], r"invalid subscript '\$' in the equation"),
        ("i...j...", [(2, 3)], r"invalid subscript '\.'"),
        ("i,j", [(2,)], r"the equation has 2 operands, but 1 were given"),
        ("i", [], r"must provide at least one operand"),
    ],
)
def test_equations_that_do_not_fit_are_refused(
    equation: str, shapes: list[tuple[int, ...]], message: str
) -> None:
    with pytest.raises(RuntimeError, match="einsum: .*" + message):
        mt.einsum(equation, *(mt.ones(shape) for shape in shapes))


def test_a_repeated_label_is_no_broadcast() -> None:
    with pytest.raises(RuntimeError, match="repeated for one operand, but its dimensions 0 and 1"):
        mt.einsum("ii", mt.ones(1, 3))


def test_sublists_are_checked() -> None:
    x = mt.ones(2, 3)
    with pytest.raises(RuntimeError, match=r"in the range \[0, 52\), but got 52"):
        mt.einsum(x, [0, 52])
    with pytest.raises(TypeError, match="a list of labels follows each tensor"):
        mt.einsum(x, x)
    with pytest.raises(TypeError, match="every operand must be a Tensor, but one is of type list"):
        mt.einsum("ij,jk", x, [[1.0]])  # type: ignore[list-item]


def test_dtypes_are_not_mixed_in_a_sum_of_products() -> None:
    x = mt.ones(2, 2)
    with pytest.raises(RuntimeError, match="matmul: expected both operands to have one dtype"):
        mt.einsum("ij,jk", x, x.double())
    assert mt.einsum("ij,ij->ij", x, x.double()).dtype is mt.float64


def cost(order: object, operands: list[str], output: str, sizes: dict[str, int]) -> int:
    """The multiplications of contracting in this order."""

    def walk(tree: object, needed: set[str]) -> tuple[set[str], int]:
        if isinstance(tree, int):
            return set(operands[tree]) & needed, 0
        assert isinstance(tree, tuple)
        labels = [set("".join(operands[i] for i in leaves(part))) for part in tree]
        found = [walk(part, needed | labels[1 - i]) for i, part in enumerate(tree)]
        every = found[0][0] | found[1][0]
        volume = int(np.prod([sizes[label] for label in every], dtype=int))
        return every & needed, volume + found[0][1] + found[1][1]

    return walk(order, set(output))[1]


def leaves(tree: object) -> list[int]:
    if isinstance(tree, int):
        return [tree]
    assert isinstance(tree, tuple)
    return [leaf for part in tree for leaf in leaves(part)]


def order_of(operands: list[str], output: str, sizes: dict[str, int]) -> object:
    return contraction_order(
        [frozenset(map(ord, labels)) for labels in operands],
        frozenset(map(ord, output)),
        {ord(label): size for label, size in sizes.items()},
    )


def test_a_chain_is_contracted_from_its_thin_end() -> None:
    sizes = {"a": 1000, "b": 1000, "c": 1000, "d": 1}
    assert order_of(["ab", "bc", "cd"], "ad", sizes) in ((0, (1, 2)), ((1, 2), 0), ((2, 1), 0),
                                                         (0, (2, 1)))  # fmt: skip


def test_many_operands_are_contracted_in_a_good_order_too() -> None:
    letters = "abcdefghijklm"
    operands = [letters[i] + letters[i + 1] for i in range(12)]  # a chain of 12 square matrices
    operands.append("m")  # and a vector at its end
    sizes = dict.fromkeys(letters, 20)
    order = order_of(operands, "a", sizes)
    assert sorted(leaves(order)) == list(range(13))
    assert cost(order, operands, "a", sizes) == 12 * 20**2  # never a product of two matrices


def test_a_small_network_is_contracted_at_the_least_cost() -> None:
    operands, sizes = ["ab", "bc", "cd", "da"], {"a": 3, "b": 50, "c": 4, "d": 60}
    every = [
        ((0, 1), (2, 3)), ((1, 2), (3, 0)), (((0, 1), 2), 3), ((0, (1, 2)), 3), (0, ((1, 2), 3)),
        (0, (1, (2, 3))), ((0, (2, 3)), 1),
    ]  # fmt: skip
    found = cost(order_of(operands, "", sizes), operands, "", sizes)
    assert found == min(cost(order, operands, "", sizes) for order in every)
