"""The networks take images of any sensible size, and say so of others."""

import pytest

import minitorch as torch
from minitorch_classifier.errors import UserError
from minitorch_classifier.models import build


@pytest.mark.parametrize("name", ["lenet", "mlp"])
@pytest.mark.parametrize("size", [(4, 4), (8, 8), (9, 13), (16, 16), (28, 28), (20, 31)])
def test_a_model_gives_a_logit_for_each_class(name: str, size: tuple[int, int]) -> None:
    with torch.no_grad():
        assert tuple(build(name, *size)(torch.zeros(2, 1, *size)).shape) == (2, 10)


def test_lenet_of_mnist_is_the_one_of_the_paper() -> None:
    shapes = [tuple(parameter.shape) for parameter in build("lenet", 28, 28).parameters()]
    weights = [(6, 1, 5, 5), (16, 6, 5, 5), (120, 256), (84, 120), (10, 84)]
    assert shapes == [shape for weight in weights for shape in (weight, weight[:1])]


def test_images_too_small_and_unknown_models_are_refused() -> None:
    with pytest.raises(UserError, match="lenet: images of 3x8 are too small, 4x4 is the least"):
        build("lenet", 3, 8)
    with pytest.raises(UserError, match="no model 'vgg'; there are: lenet, mlp"):
        build("vgg", 8, 8)
