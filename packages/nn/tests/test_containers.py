"""Containers: in a row, in a list, in a dictionary."""

import operator
from collections import OrderedDict
from operator import attrgetter

import pytest

import minitorch as torch
from minitorch import nn


def row() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


def test_sequential_passes_each_output_on() -> None:
    model = row()
    x = torch.ones(4, 2)
    by_hand = model[2](model[1](model[0](x)))
    assert model(x).tolist() == by_hand.tolist()


def test_sequential_is_a_sequence_of_modules() -> None:
    model = row()
    assert len(model) == 3
    assert [type(m).__name__ for m in model] == ["Linear", "ReLU", "Linear"]
    assert model[-1] is model[2]
    assert [name for name, _ in model[1:].named_children()] == ["1", "2"]
    with pytest.raises(IndexError, match="index 3 is out of range"):
        _ = model[3]
    with pytest.raises(IndexError, match="index -4 is out of range"):
        _ = model[-4]


def test_sequential_takes_names() -> None:
    model = nn.Sequential(OrderedDict[str, nn.Module](fc=nn.Linear(2, 2), act=nn.ReLU()))
    assert list(model.state_dict()) == ["fc.weight", "fc.bias"]
    assert model[1] is model.get_submodule("act")
    with pytest.raises(TypeError, match="must be the only argument"):
        attrgetter("Sequential")(nn)(nn.ReLU(), OrderedDict())
    with pytest.raises(TypeError, match="int is not a Module subclass"):
        attrgetter("Sequential")(nn)(3)


def test_sequential_can_be_changed() -> None:
    model = row()
    model[1] = nn.Tanh()
    model.append(nn.Sigmoid()).insert(0, nn.Identity())
    names = [type(m).__name__ for m in model]
    assert names == ["Identity", "Linear", "Tanh", "Linear", "Sigmoid"]
    del model[0]
    taken = model.pop(-1)
    assert isinstance(taken, nn.Sigmoid)
    assert [name for name, _ in model.named_children()] == ["0", "1", "2"]
    del model[1:]
    assert len(model) == 1
    model += nn.Sequential(nn.ReLU())
    assert len(model + model) == 4
    with pytest.raises(ValueError, match="add operator supports only objects of Sequential"):
        attrgetter("__add__")(model)([])
    with pytest.raises(IndexError, match="Index out of range: 9"):
        model.insert(9, nn.ReLU())


def test_module_list_registers_its_modules() -> None:
    layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    assert list(layers.state_dict())[:3] == ["0.weight", "0.bias", "1.weight"]
    layers.append(nn.Linear(2, 2)).extend([nn.Linear(2, 2)])
    layers += [nn.Linear(2, 2)]
    assert len(layers) == 6
    x = torch.ones(1, 2)
    for layer in layers:
        x = layer(x)
    assert x.shape == (1, 2)
    assert [name for name, _ in layers[4:].named_children()] == ["0", "1"]
    assert layers[4:][0] is layers[4]
    del layers[1:5]
    assert len(layers) == 2
    assert len(layers + layers) == 4
    with pytest.raises(TypeError, match=r"ModuleList.extend should be called with an iterable"):
        attrgetter("extend")(layers)(3)
    with pytest.raises(NotImplementedError, match="ModuleList"):
        layers(x)


def test_module_dict_is_a_dictionary() -> None:
    made = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.ReLU()})
    assert list(made) == ["a", "b"]
    assert "a" in made
    assert len(made) == 2
    assert list(made.state_dict()) == ["a.weight", "a.bias"]
    made["c"] = nn.Tanh()
    made.update([("d", nn.Tanh())])
    made.update(nn.ModuleDict({"e": nn.Tanh()}).items())
    assert list(made.keys()) == ["a", "b", "c", "d", "e"]
    assert isinstance(made.pop("b"), nn.ReLU)
    assert [key for key, _ in made.items()] == ["a", "c", "d", "e"]
    assert len(made.values()) == 4
    with pytest.raises(KeyError, match="'nothing'"):
        _ = made["nothing"]
    with pytest.raises(KeyError, match="attribute 'keys' already exists"):
        made["keys"] = nn.ReLU()
    made.clear()
    assert len(made) == 0


def test_parameter_list_makes_parameters() -> None:
    made = nn.ParameterList([torch.ones(2), nn.Parameter(torch.zeros(1))])
    assert all(isinstance(p, nn.Parameter) for p in made)
    made.append(torch.ones(3)).extend([torch.ones(4)])
    made += [torch.ones(5)]
    assert list(made.state_dict()) == ["0", "1", "2", "3", "4"]
    assert made[-1].shape == (5,)
    assert len(made[1:3]) == 2
    made[0] = torch.zeros(7)
    assert made[0].shape == (7,)
    assert made[0].requires_grad
    with pytest.raises(IndexError, match="index 5 is out of range"):
        _ = made[5]
    with pytest.raises(TypeError, match=r"ParameterList.extend should be called with an iterable"):
        attrgetter("extend")(made)(torch.ones(2))


def test_parameter_dict_makes_parameters() -> None:
    made = nn.ParameterDict({"left": torch.ones(2)})
    made["right"] = torch.zeros(1)
    made.update([("third", torch.ones(1))])
    assert list(made) == ["left", "right", "third"]
    assert all(p.requires_grad for p in made.values())
    assert made.get("nothing") is None
    assert made.get("left") is made["left"]
    assert [key for key, _ in made.items()] == list(made.keys())
    assert made.pop("third").tolist() == [1.0]
    del made["right"]
    assert "right" not in made
    assert len(made) == 1
    with pytest.raises(KeyError, match="'right'"):
        _ = made["right"]
    made.clear()
    assert list(made.state_dict()) == []


def test_sequential_can_be_repeated() -> None:
    layers = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    twice = layers * 2
    assert [type(m).__name__ for m in twice] == ["Linear", "ReLU", "Linear", "ReLU"]
    assert twice[2] is layers[0]
    assert len(2 * layers) == 4
    layers *= 3
    assert [name for name, _ in layers.named_children()] == ["0", "1"]  # the same, six times
    assert len(layers) == 6
    for factor, kind, message in (
        (0, ValueError, "Non-positive multiplication factor 0 for"),
        ("2", TypeError, r"unsupported operand type\(s\) for \*"),
    ):
        with pytest.raises(kind, match=message):
            operator.mul(layers, factor)


def test_parameter_dict_has_the_methods_of_a_dictionary() -> None:
    first = nn.ParameterDict({"b": torch.ones(1), "a": torch.zeros(2)})
    assert list(first) == ["a", "b"]  # a plain dictionary comes sorted, as in PyTorch
    assert list(reversed(first)) == ["b", "a"]
    second = nn.ParameterDict(OrderedDict(c=torch.ones(3), a=torch.ones(1)))
    assert list(second) == ["c", "a"]
    both = first | second
    assert [(name, p.numel()) for name, p in both.items()] == [("a", 1), ("b", 1), ("c", 3)]
    assert both["b"] is first["b"]
    first |= second
    assert list(first) == ["a", "b", "c"]
    assert first.popitem()[0] == "c"
    assert first.setdefault("b", torch.ones(5)).numel() == 1
    assert isinstance(first.setdefault("d", torch.ones(5)), nn.Parameter)
    assert list(first.fromkeys(["x", "y"], torch.ones(1))) == ["x", "y"]
    copied = first.copy()
    del copied["a"]
    assert "a" in first


def test_containers_of_parameters_are_not_called() -> None:
    for made in (nn.ParameterList(), nn.ParameterDict()):
        with pytest.raises(RuntimeError, match=r"Parameter(List|Dict) should not be called\."):
            made(torch.ones(1))


def test_updating_wants_pairs() -> None:
    wrong: list[tuple[list[object], type[Exception], str]] = [
        ([3], TypeError, "update sequence element #0 should be Iterable; is int"),
        ([("a", 1, 2)], ValueError, "update sequence element #0 has length 3; 2 is required"),
    ]
    for pairs, kind, message in wrong:
        for made in (nn.ModuleDict[nn.Module](), nn.ParameterDict()):
            with pytest.raises(kind, match=message):
                operator.methodcaller("update", pairs)(made)
    with pytest.raises(TypeError, match="not a string \\(type is 'int'\\)"):
        operator.methodcaller("__setitem__", 3, torch.ones(1))(nn.ParameterDict())
