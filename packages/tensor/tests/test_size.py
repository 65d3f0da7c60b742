"""`Size`, the tuple that `x.shape` is."""

import copy
import pickle

import pytest

from minitorch_tensor import Size, ones, zeros


def test_shape_and_size_are_a_size() -> None:
    x = ones(2, 3, 4)
    assert type(x.shape) is Size
    assert type(x.size()) is Size
    assert x.shape == (2, 3, 4)
    assert hash(x.shape) == hash((2, 3, 4))
    assert x.size(-1) == 4
    assert x.shape is ones(2, 3, 4).shape  # made once for a layout
    assert type(x.layout.shape) is tuple  # within, a plain tuple is faster
    assert type(zeros(x.shape).layout.shape) is tuple


def test_slices_sums_and_multiples_are_sizes() -> None:
    size = Size([2, 3, 4])
    five = (5,)
    parts = [size[1:], size[::-1], size + five, five + size, size + size, size * 2, 2 * size]
    assert parts == [
        (3, 4), (4, 3, 2), (2, 3, 4, 5), (5, 2, 3, 4), (2, 3, 4) * 2, (2, 3, 4) * 2, (2, 3, 4) * 2
    ]  # fmt: skip
    assert all(type(part) is Size for part in parts)
    assert type(size[0]) is int


def test_a_size_reads_as_in_pytorch_and_in_a_string_as_a_tuple() -> None:
    assert repr(Size([2, 3])) == str(Size([2, 3])) == "torch.Size([2, 3])"
    assert repr(Size()) == "torch.Size([])"
    assert f"{Size([2, 3])}" == "(2, 3)"


def test_a_size_is_copied_and_pickled() -> None:
    size = Size([2, 3])
    for again in (copy.deepcopy(size), pickle.loads(pickle.dumps(size))):
        assert again == size
        assert type(again) is Size


def test_numel_is_the_product() -> None:
    assert Size([2, 3, 4]).numel() == 24
    assert Size().numel() == 1


def test_what_is_no_whole_number_is_refused() -> None:
    halves, ones_ = (1.5,), [1]
    with pytest.raises(TypeError, match=r"item 1 is of type 'float'"):
        Size([2, 1.5])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"item 1 is of type 'float'"):
        Size([2]) + halves
    with pytest.raises(TypeError, match=r"can only concatenate tuple \(not list\) to torch.Size"):
        Size([2]) + ones_  # type: ignore[operator]
