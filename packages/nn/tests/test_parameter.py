"""Parameter: a tensor that is learnt; also in the course's form."""

import copy
import pickle
from operator import attrgetter

import pytest

import minitorch as torch
from minitorch import nn


def test_it_is_a_leaf_tensor_that_requires_grad() -> None:
    p = nn.Parameter(torch.ones(2))
    assert isinstance(p, torch.Tensor)
    assert p.requires_grad
    assert p.is_leaf
    assert not nn.Parameter(torch.ones(2), requires_grad=False).requires_grad


def test_it_shares_memory_with_its_data_but_no_history() -> None:
    x = torch.ones(2, requires_grad=True)
    p = nn.Parameter(x * 2)
    assert p.is_leaf
    y = torch.ones(2)
    q = nn.Parameter(y)
    y[0] = 5
    assert q.tolist() == [5.0, 1.0]


def test_arithmetic_gives_tensors() -> None:
    p = nn.Parameter(torch.ones(2))
    assert type(p + 1) is torch.Tensor
    assert type(-p) is torch.Tensor
    assert type(p.detach()) is torch.Tensor
    assert type(p[0]) is torch.Tensor
    (p * 3).sum().backward()
    assert p.grad is not None
    assert p.grad.tolist() == [3.0, 3.0]


def test_without_data_it_is_empty() -> None:
    assert nn.Parameter().shape == (0,)


def test_integers_cannot_require_grad() -> None:
    with pytest.raises(RuntimeError, match="floating point"):
        nn.Parameter(torch.tensor([1, 2]))
    assert nn.Parameter(torch.tensor([1, 2]), requires_grad=False).dtype is torch.int64


def test_other_data_is_refused() -> None:
    make = attrgetter("Parameter")(nn)
    with pytest.raises(TypeError, match="expected a Tensor or a number as data, but got list"):
        make([1.0, 2.0])


def test_it_prints_as_a_parameter() -> None:
    assert repr(nn.Parameter(torch.ones(2))) == (
        "Parameter containing:\nTensor([1., 1.], requires_grad=True)"
    )


def test_copies_and_pickles_are_parameters() -> None:
    p = nn.Parameter(torch.ones(2), requires_grad=False)
    for twin in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert type(twin) is nn.Parameter
        assert twin.tolist() == [1.0, 1.0]
        assert not twin.requires_grad
        assert twin is not p


def test_the_course_gives_it_a_name_and_a_value() -> None:
    p = nn.Parameter(5, "rate")
    assert p.name == "rate"
    assert p.value.item() == 5.0
    assert p.value is p
    assert nn.Parameter(torch.ones(1)).name is None


def test_update_replaces_the_value_and_forgets_the_gradient() -> None:
    p = nn.Parameter(torch.ones(2))
    (p.value * 2).sum().backward()
    assert p.value.grad is not None
    p.update(p.value - 0.5 * p.value.grad)
    assert p.tolist() == [0.0, 0.0]
    assert p.grad is None
    assert p.is_leaf
    p.update(3.0)
    assert p.item() == 3.0
    (p * p).backward()
    assert [q.grad.item() for q in [p] if q.grad is not None] == [6.0]


def test_a_buffer_is_registered_by_assignment() -> None:
    module = nn.Module()
    module.mean = nn.Buffer(torch.ones(2))
    module.aside = nn.Buffer(torch.zeros(2), persistent=False)
    assert [name for name, _ in module.named_buffers()] == ["mean", "aside"]
    assert list(module.state_dict()) == ["mean"]
    module.mean = torch.zeros(3)
    assert [x.numel() for x in module.buffers()] == [3, 2]
    copied = copy.deepcopy(module)
    assert list(copied.state_dict()) == ["mean"]
    assert len([*copied.buffers()]) == 2
    module.plain = 3
    with pytest.raises(KeyError, match="attribute 'plain' already exists"):
        module.plain = nn.Buffer(torch.ones(1))


def test_a_buffer_is_a_tensor_of_the_same_memory() -> None:
    data = torch.ones(2)
    buffer = nn.Buffer(data)
    data.mul_(3)
    assert buffer.tolist() == [3.0, 3.0]
    assert not buffer.requires_grad
    assert nn.Buffer(torch.ones(2, requires_grad=True)).requires_grad
    assert nn.Buffer().numel() == 0
    assert type(buffer + 1) is torch.Tensor
