"""Every module, loss, optimizer and schedule that minitorch promises has a row beside torch.

A row is an entry of the tables that the parity tests run: of modules and losses in
`test_modules_parity` and `test_rows_parity`, of optimizers in `test_optim_parity` and
`test_optim_steps_parity`, of schedules in `test_schedules_parity`.
"""

import inspect
import re
import warnings
from operator import attrgetter

import pytest

import minitorch

torch = pytest.importorskip("torch")
from . import test_modules_parity as plain  # noqa: E402
from . import test_optim_parity as optimizers  # noqa: E402
from . import test_optim_steps_parity as searches  # noqa: E402
from . import test_rows_parity as rows  # noqa: E402
from . import test_schedules_parity as schedules  # noqa: E402

pytestmark = pytest.mark.parity

MODULES = """
    Module Sequential ModuleList ModuleDict ParameterList ParameterDict
    Linear Bilinear Identity LazyLinear Unfold Fold
    Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
    LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d
    MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d LPPool1d LPPool2d LPPool3d
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d
    AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d
    FractionalMaxPool2d FractionalMaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d
    ZeroPad1d ZeroPad2d ZeroPad3d ConstantPad1d ConstantPad2d ConstantPad3d
    ReflectionPad1d ReflectionPad2d ReflectionPad3d CircularPad1d CircularPad2d CircularPad3d
    ReplicationPad1d ReplicationPad2d ReplicationPad3d
    CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax
    Mish MultiheadAttention PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin
    Softplus Softshrink Softsign Tanh Tanhshrink Threshold
    BatchNorm1d BatchNorm2d BatchNorm3d LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d
    InstanceNorm1d InstanceNorm2d InstanceNorm3d
    LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d
    LayerNorm GroupNorm LocalResponseNorm RMSNorm
    Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout Embedding EmbeddingBag
    RNN LSTM GRU RNNCell LSTMCell GRUCell
    Transformer TransformerEncoder TransformerDecoder
    TransformerEncoderLayer TransformerDecoderLayer
    CosineSimilarity PairwiseDistance PixelShuffle PixelUnshuffle ChannelShuffle Flatten Unflatten
    Upsample UpsamplingNearest2d UpsamplingBilinear2d AdaptiveLogSoftmaxWithLoss
"""
LOSSES = """
    L1 MSE CrossEntropy NLL GaussianNLL PoissonNLL BCE BCEWithLogits KLDiv Huber SmoothL1
    SoftMargin MarginRanking MultiMargin MultiLabelMargin MultiLabelSoftMargin HingeEmbedding
    CosineEmbedding TripletMargin TripletMarginWithDistance CTC
"""
OPTIMIZERS = """
    SGD Adam AdamW Adamax NAdam RAdam Adagrad Adadelta RMSprop Rprop ASGD LBFGS Adafactor Muon
"""
SCHEDULES = """
    LambdaLR MultiplicativeLR StepLR MultiStepLR ConstantLR LinearLR ExponentialLR PolynomialLR
    CosineAnnealingLR CosineAnnealingWarmRestarts CyclicLR OneCycleLR ReduceLROnPlateau
    ChainedScheduler SequentialLR
"""
NO_LAYERS = """
    Buffer Module Parameter RNNBase RNNCellBase UninitializedBuffer UninitializedParameter
"""


def of_modules() -> set[str]:
    return {*rows.names_of(rows.ROWS), *(plain.names(each) for each in plain.ROWS)}


def of_losses() -> set[str]:
    made = (type(make(torch)).__name__ for make, _, _ in plain.LOSSES)
    return {*rows.names_of(rows.LOSSES), *made}


def of_optimizers() -> set[str]:
    searched = {type(searches.Valley(torch, "float64", {}).optimizer).__name__}
    return searched | {name for name, _ in [*optimizers.OPTIMIZERS, *optimizers.OTHERS]}


def of_schedules() -> set[str]:
    makes = schedules.SCHEDULES.values()
    with warnings.catch_warnings(action="ignore"):  # PyTorch's warn of a schedule within one
        made = {type(make(torch, schedules.optimizer_of(torch))).__name__ for make in makes}
    return made | ({"ReduceLROnPlateau"} if schedules.PLATEAUS else set())


def test_every_module_has_a_row() -> None:
    assert set(MODULES.split()) - of_modules() == set()


def test_every_loss_has_a_row() -> None:
    assert {f"{name}Loss" for name in LOSSES.split()} - of_losses() == set()


def test_every_optimizer_has_a_row() -> None:
    assert set(OPTIMIZERS.split()) - of_optimizers() == set()


def test_every_schedule_has_a_row() -> None:
    assert set(SCHEDULES.split()) - of_schedules() == set()


def test_what_is_added_to_nn_needs_a_row_too() -> None:
    classes = {n for n in minitorch.nn.__all__ if isinstance(getattr(minitorch.nn, n), type)}
    assert classes - set(NO_LAYERS.split()) - of_modules() - of_losses() == set()


LEFT_OUT = {
    # Deprecated in PyTorch, or of its insides.
    "Hardtanh": {"min_value", "max_value"},
    "LinearCrossEntropyLoss": {"options"},
    "UninitializedBuffer": {"persistent"},
}
ADDED = {"Parameter": {"name"}}  # the course's
REDUCED = {"size_average", "reduce"}  # deprecated arguments of losses


def arguments(kind: type) -> dict[str, str]:
    """The names and defaults of the arguments of a class; of an object, its type."""
    parameters = inspect.signature(kind).parameters.values()
    return {
        each.name: re.sub(" at 0x.*", "", str(each.default)).replace("minitorch", "torch")
        for each in parameters
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    }


@pytest.mark.parametrize("package", ["nn", "optim", "optim.lr_scheduler"])
def test_the_arguments_of_a_class_and_their_defaults_are_those_of_torch(package: str) -> None:
    ours, theirs = attrgetter(package)(minitorch), attrgetter(package)(torch)
    checked = 0
    for name in dir(ours):
        kind, other = getattr(ours, name), getattr(theirs, name, None)
        if name.startswith("_") or not isinstance(kind, type) or not isinstance(other, type):
            continue
        if not arguments(other):  # it has none, or says only `*args`
            continue
        left_out = LEFT_OUT.get(name, set()) | REDUCED
        wanted = {n: d for n, d in arguments(other).items() if n not in left_out}
        found = {n: d for n, d in arguments(kind).items() if n not in ADDED.get(name, set())}
        assert list(found.items()) == list(wanted.items()), name
        checked += 1
    assert checked >= 14
