"""A tensor's text: columns, digits, summaries, and what is said besides the numbers."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch_tensor
from minitorch_tensor.printing import (
    format_tensor,
    get_printoptions,
    printoptions,
    set_printoptions,
    tensor_repr,
)

Nested = Sequence[float] | Sequence[Sequence[float]]


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    """Start and end every test with the default options."""
    set_printoptions(profile="default")
    yield
    set_printoptions(profile="default")


def f32(numbers: float | Nested) -> NDArray[np.float32]:
    """An array of float32."""
    return np.array(numbers, dtype=np.float32)


# The seeds' form


def test_tensor_of_ones_prints_as_in_the_first_example() -> None:
    assert tensor_repr(f32([1, 1]), "float32") == "Tensor([1., 1.], requires_grad=False)"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (5.0, "5.0"),
        (-2.0, "-2.0"),
        (0.0, "0.0"),
        (3.14159265, "3.1416"),
        (0.1, "0.1000"),
        (1e-5, "1.0000e-05"),
        (123456.78, "123456.7812"),
        (2e9, "2.0000e+09"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_0d_float_prints_at_least_one_decimal(number: float, text: str) -> None:
    assert tensor_repr(f32(number), "float32") == f"Tensor({text}, requires_grad=False)"


def test_0d_integer_and_bool_print_as_they_are() -> None:
    assert tensor_repr(np.array(7), "int64") == "Tensor(7, requires_grad=False)"
    assert tensor_repr(np.array(True), "bool") == "Tensor(True, requires_grad=False)"


def test_rows_continue_below_the_first_one() -> None:
    assert tensor_repr(f32([[1, 2], [3, 4]]), "float32", requires_grad=True) == (
        "Tensor([[1., 2.],\n"
        "        [3., 4.]], requires_grad=True)"
    )  # fmt: skip


# What is said besides the numbers


@pytest.mark.parametrize(
    ("dtype", "said"),
    [
        ("float32", ""),
        ("int64", ""),
        ("bool", ""),
        ("float64", ", dtype=float64"),
        ("uint8", ", dtype=uint8"),
    ],
)
def test_dtype_is_named_unless_it_is_usual(dtype: str, said: str) -> None:
    values = np.ones(2, dtype=dtype)
    numbers = {"bool": "[True, True]", "int64": "[1, 1]", "uint8": "[1, 1]"}.get(dtype, "[1., 1.]")
    assert tensor_repr(values, dtype) == f"Tensor({numbers}{said}, requires_grad=False)"


def test_another_default_dtype_needs_no_mention() -> None:
    text = tensor_repr(np.ones(1), "float64", default_dtype_name="float64")
    assert text == "Tensor([1.], requires_grad=False)"
    text = tensor_repr(f32([1]), "float32", default_dtype_name="float64")
    assert text == "Tensor([1.], dtype=float32, requires_grad=False)"


def test_empty_tensor_shows_its_shape_and_any_dtype_but_the_default_one() -> None:
    assert tensor_repr(np.zeros(0, np.float32), "float32") == "Tensor([], requires_grad=False)"
    assert tensor_repr(np.zeros((0, 3), np.int64), "int64") == (
        "Tensor([], size=(0, 3), dtype=int64, requires_grad=False)"
    )


def test_suffixes_stand_in_order() -> None:
    text = tensor_repr(
        np.zeros((2, 0)), "float64", "cuda:0", requires_grad=True, grad_fn_name="MulBackward0"
    )
    assert text == (
        "Tensor([], size=(2, 0), device='cuda:0', dtype=float64, requires_grad=True,\n"
        "       grad_fn=<MulBackward0>)"
    )


def test_suffix_that_does_not_fit_goes_to_the_next_line() -> None:
    text = tensor_repr(f32([0.5] * 8), "float32")
    assert text == (
        "Tensor([0.5000, 0.5000, 0.5000, 0.5000, 0.5000, 0.5000, 0.5000, 0.5000],\n"
        "       requires_grad=False)"
    )


def test_another_class_moves_the_rows() -> None:
    text = tensor_repr(f32([[1], [2]]), "float32", requires_grad=True, class_name="Parameter")
    assert text == "Parameter([[1.],\n           [2.]], requires_grad=True)"


# Numbers


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        (f32([1, 2, 3]), "[1., 2., 3.]"),
        (f32([1, 2.5, -3]), "[ 1.0000,  2.5000, -3.0000]"),
        (f32([1, -10, 100]), "[  1., -10., 100.]"),
        (f32([0.001, 1.5]), "[1.0000e-03, 1.5000e+00]"),
        (f32([1e-5, 1e-5]), "[1.0000e-05, 1.0000e-05]"),
        (f32([2e8, 1]), "[2.0000e+08, 1.0000e+00]"),
        (f32([1, 1001]), "[1.0000e+00, 1.0010e+03]"),
        (f32([1, 1000]), "[   1., 1000.]"),
        (f32([0, 0]), "[0., 0.]"),
        (f32([-0.0, 0.0]), "[-0., 0.]"),
        (f32([np.nan, np.inf, 0]), "[nan, inf, 0.]"),
        (f32([np.nan, -np.inf, 1]), "[nan, -inf, 1.]"),
        (f32([np.nan, -np.inf, 1000]), "[  nan,  -inf, 1000.]"),
        (f32([np.nan, 0.25]), "[   nan, 0.2500]"),
        (np.array([1, -20, 300]), "[  1, -20, 300]"),
        (np.array([True, False]), "[ True, False]"),
        (np.array([2**63], dtype=np.uint64), "[9223372036854775808]"),
        (np.array([65504, 0.5], dtype=np.float16), "[6.5504e+04, 5.0000e-01]"),
    ],
)
def test_one_format_fits_all_numbers(numbers: NDArray[np.generic], text: str) -> None:
    assert format_tensor(numbers) == text


def test_vector_breaks_into_lines() -> None:
    assert format_tensor(np.arange(30.0)) == (
        "[ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
        "        14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27.,\n"
        "        28., 29.]"
    )


def test_blank_lines_part_the_matrices_of_a_3d_tensor() -> None:
    assert format_tensor(np.arange(8).reshape(2, 2, 2)) == (
        "[[[0, 1],\n         [2, 3]],\n\n        [[4, 5],\n         [6, 7]]]"
    )


def test_large_tensors_show_their_corners() -> None:
    assert format_tensor(np.arange(1001)) == "[   0,    1,    2,  ...,  998,  999, 1000]"
    assert format_tensor(np.arange(1000)).count(",") == 999
    assert format_tensor(np.arange(7 * 200).reshape(7, 200)) == (
        "[[   0,    1,    2,  ...,  197,  198,  199],\n"
        "        [ 200,  201,  202,  ...,  397,  398,  399],\n"
        "        [ 400,  401,  402,  ...,  597,  598,  599],\n"
        "        ...,\n"
        "        [ 800,  801,  802,  ...,  997,  998,  999],\n"
        "        [1000, 1001, 1002,  ..., 1197, 1198, 1199],\n"
        "        [1200, 1201, 1202,  ..., 1397, 1398, 1399]]"
    )


def test_numbers_left_out_of_a_summary_do_not_choose_the_format() -> None:
    numbers = np.ones(2000)
    numbers[1000] = 1e30
    assert format_tensor(numbers) == "[1., 1., 1.,  ..., 1., 1., 1.]"


# Options


def test_precision_is_the_number_of_digits() -> None:
    with printoptions(precision=2):
        assert format_tensor(f32([0.123, 1])) == "[0.12, 1.00]"
        assert format_tensor(f32([1e-5])) == "[1.00e-05]"


def test_sci_mode_overrules_the_numbers() -> None:
    with printoptions(sci_mode=True):
        assert format_tensor(f32([1, 2])) == "[1.0000e+00, 2.0000e+00]"
    with printoptions(sci_mode=False):
        assert format_tensor(f32([1e-5, 0.5])) == "[0.0000, 0.5000]"


def test_threshold_and_edgeitems_choose_the_summary() -> None:
    with printoptions(threshold=5, edgeitems=1):
        assert format_tensor(np.arange(6)) == "[0,  ..., 5]"
        assert format_tensor(np.arange(5)) == "[0, 1, 2, 3, 4]"


def test_no_edgeitems_leave_only_the_shape() -> None:
    with printoptions(threshold=5, edgeitems=0):
        text = tensor_repr(np.arange(6), "int64")
        assert text == "Tensor([...], size=(6,), requires_grad=False)"
        assert format_tensor(np.ones((3, 3))) == "[...]"


def test_linewidth_breaks_lines() -> None:
    with printoptions(linewidth=20):
        assert format_tensor(np.arange(6)) == "[0, 1, 2, 3,\n        4, 5]"


def test_profiles_set_several_options() -> None:
    set_printoptions(profile="short")
    assert get_printoptions() == {
        "precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80, "sci_mode": None,
    }  # fmt: skip
    set_printoptions(profile="full", precision=3)
    assert (get_printoptions()["threshold"], get_printoptions()["precision"]) == (float("inf"), 3)
    assert format_tensor(np.arange(1500)).count(",") == 1499


def test_options_stay_until_changed_but_for_sci_mode() -> None:
    set_printoptions(precision=2, sci_mode=True)
    set_printoptions(linewidth=100)
    assert (get_printoptions()["precision"], get_printoptions()["sci_mode"]) == (2, None)


def test_options_can_be_put_back() -> None:
    saved = get_printoptions()
    set_printoptions(precision=1)
    saved_later = get_printoptions()
    set_printoptions(**saved)
    assert (get_printoptions(), saved_later["precision"]) == (saved, 1)


def test_printoptions_are_put_back_after_an_error() -> None:
    with pytest.raises(KeyError), printoptions(precision=1):
        raise KeyError
    assert get_printoptions()["precision"] == 4


def test_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="profile must be one of default, short, full, got 'long'"):
        set_printoptions(profile="long")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("precision", lambda: set_printoptions(precision=-1)),
        ("threshold", lambda: set_printoptions(precision=2, threshold=-1)),
        ("edgeitems", lambda: set_printoptions(precision=2, edgeitems=-1)),
        ("linewidth", lambda: set_printoptions(precision=2, linewidth=-1)),
    ],
)
def test_negative_option_is_refused_and_changes_nothing(
    name: str, change: Callable[[], None]
) -> None:
    before = get_printoptions()
    with pytest.raises(ValueError, match=f"set_printoptions: {name} must not be negative, got -1"):
        change()
    assert get_printoptions() == before


def test_a_signalling_nan_is_printed_as_any_other() -> None:
    x = minitorch_tensor.from_numpy(np.array([0x7F800001], np.uint32).view(np.float32))
    assert repr(x) == "Tensor([nan], requires_grad=False)"
