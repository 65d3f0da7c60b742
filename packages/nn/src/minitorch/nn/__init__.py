"""Modules: layers, losses and what holds them.

A program uses few of the many layers: each is imported from its file when it is first asked for.
"""

from functools import partial as _partial
from typing import TYPE_CHECKING

from minitorch.absent import no_attribute as _no_attribute
from minitorch.nn import functional, init
from minitorch.nn.module import Module
from minitorch.nn.parameter import Buffer, Parameter
from minitorch_autodiff import later as _later

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "GRU",
    "LSTM",
    "RNN",
    "SELU",
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveLogSoftmaxWithLoss",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AlphaDropout",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Bilinear",
    "Buffer",
    "CTCLoss",
    "ChannelShuffle",
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "CosineEmbeddingLoss",
    "CosineSimilarity",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "Embedding",
    "EmbeddingBag",
    "FeatureAlphaDropout",
    "Flatten",
    "Fold",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "GRUCell",
    "GaussianNLLLoss",
    "GroupNorm",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "Identity",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "KLDivLoss",
    "L1Loss",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "LSTMCell",
    "LayerNorm",
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
    "LeakyReLU",
    "Linear",
    "LinearCrossEntropyLoss",
    "LocalResponseNorm",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MarginRankingLoss",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "MultiheadAttention",
    "NLLLoss",
    "NLLLoss2d",
    "PReLU",
    "PairwiseDistance",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "PixelShuffle",
    "PixelUnshuffle",
    "PoissonNLLLoss",
    "RMSNorm",
    "RNNBase",
    "RNNCell",
    "RNNCellBase",
    "RReLU",
    "ReLU",
    "ReLU6",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
    "Unflatten",
    "Unfold",
    "UninitializedBuffer",
    "UninitializedParameter",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
    "functional",
    "init",
    "utils",
]

if TYPE_CHECKING:
    from minitorch.nn import utils
    from minitorch.nn.activation import (
        CELU,
        ELU,
        GELU,
        LeakyReLU,
        ReLU,
        Sigmoid,
        SiLU,
        Softplus,
        Tanh,
    )
    from minitorch.nn.activation_piecewise import (
        Hardshrink,
        Hardsigmoid,
        Hardswish,
        Hardtanh,
        PReLU,
        ReLU6,
        RReLU,
        Softshrink,
        Threshold,
    )
    from minitorch.nn.activation_smooth import GLU, SELU, LogSigmoid, Mish, Softsign, Tanhshrink
    from minitorch.nn.adaptive_pooling import (
        AdaptiveAvgPool1d,
        AdaptiveAvgPool2d,
        AdaptiveAvgPool3d,
        AdaptiveMaxPool1d,
        AdaptiveMaxPool2d,
        AdaptiveMaxPool3d,
    )
    from minitorch.nn.adaptive_softmax import AdaptiveLogSoftmaxWithLoss
    from minitorch.nn.attention import MultiheadAttention
    from minitorch.nn.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
    from minitorch.nn.container import ModuleDict, ModuleList, Sequential
    from minitorch.nn.conv import Conv1d, Conv2d, Conv3d
    from minitorch.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
    from minitorch.nn.distance import CosineSimilarity, PairwiseDistance
    from minitorch.nn.dropout import (
        AlphaDropout,
        Dropout,
        Dropout1d,
        Dropout2d,
        Dropout3d,
        FeatureAlphaDropout,
    )
    from minitorch.nn.embedding import Embedding
    from minitorch.nn.embedding_bag import EmbeddingBag
    from minitorch.nn.flatten import Flatten, Unflatten
    from minitorch.nn.fold import Fold, Unfold
    from minitorch.nn.instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
    from minitorch.nn.lazy import (
        LazyBatchNorm1d,
        LazyBatchNorm2d,
        LazyBatchNorm3d,
        LazyConv1d,
        LazyConv2d,
        LazyConv3d,
        LazyConvTranspose1d,
        LazyConvTranspose2d,
        LazyConvTranspose3d,
        LazyInstanceNorm1d,
        LazyInstanceNorm2d,
        LazyInstanceNorm3d,
        LazyLinear,
    )
    from minitorch.nn.likelihood_loss import (
        CTCLoss,
        GaussianNLLLoss,
        LinearCrossEntropyLoss,
        PoissonNLLLoss,
    )
    from minitorch.nn.linear import Bilinear, Identity, Linear
    from minitorch.nn.local_response import LocalResponseNorm
    from minitorch.nn.loss import (
        BCELoss,
        BCEWithLogitsLoss,
        CrossEntropyLoss,
        HuberLoss,
        KLDivLoss,
        L1Loss,
        MSELoss,
        NLLLoss,
        NLLLoss2d,
        SmoothL1Loss,
    )
    from minitorch.nn.margin_loss import (
        CosineEmbeddingLoss,
        HingeEmbeddingLoss,
        MarginRankingLoss,
        MultiLabelMarginLoss,
        MultiLabelSoftMarginLoss,
        MultiMarginLoss,
        SoftMarginLoss,
        TripletMarginLoss,
        TripletMarginWithDistanceLoss,
    )
    from minitorch.nn.max_pooling import (
        FractionalMaxPool2d,
        FractionalMaxPool3d,
        MaxPool1d,
        MaxPool2d,
        MaxPool3d,
        MaxUnpool1d,
        MaxUnpool2d,
        MaxUnpool3d,
    )
    from minitorch.nn.normalization import GroupNorm, LayerNorm, RMSNorm
    from minitorch.nn.padding import (
        CircularPad1d,
        CircularPad2d,
        CircularPad3d,
        ConstantPad1d,
        ConstantPad2d,
        ConstantPad3d,
        ReflectionPad1d,
        ReflectionPad2d,
        ReflectionPad3d,
        ReplicationPad1d,
        ReplicationPad2d,
        ReplicationPad3d,
        ZeroPad1d,
        ZeroPad2d,
        ZeroPad3d,
    )
    from minitorch.nn.parameter_container import ParameterDict, ParameterList
    from minitorch.nn.pooling import AvgPool1d, AvgPool2d, AvgPool3d, LPPool1d, LPPool2d, LPPool3d
    from minitorch.nn.rnn import GRU, LSTM, RNN
    from minitorch.nn.rnn_base import RNNBase
    from minitorch.nn.rnn_cells import GRUCell, LSTMCell, RNNCell, RNNCellBase
    from minitorch.nn.shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle
    from minitorch.nn.softmax import LogSoftmax, Softmax, Softmax2d, Softmin
    from minitorch.nn.transformer import Transformer, TransformerDecoder, TransformerEncoder
    from minitorch.nn.transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer
    from minitorch.nn.uninitialized import UninitializedBuffer, UninitializedParameter
    from minitorch.nn.upsampling import Upsample, UpsamplingBilinear2d, UpsamplingNearest2d
else:  # a type checker is to find a wrong name itself
    _LAYERS = {
        "activation": "CELU ELU GELU LeakyReLU ReLU SiLU Sigmoid Softplus Tanh",
        "activation_piecewise": (
            "Hardshrink Hardsigmoid Hardswish Hardtanh PReLU RReLU ReLU6 Softshrink Threshold"
        ),
        "activation_smooth": "GLU LogSigmoid Mish SELU Softsign Tanhshrink",
        "adaptive_pooling": (
            "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d "
            "AdaptiveMaxPool2d AdaptiveMaxPool3d"
        ),
        "adaptive_softmax": "AdaptiveLogSoftmaxWithLoss",
        "attention": "MultiheadAttention",
        "batchnorm": "BatchNorm1d BatchNorm2d BatchNorm3d",
        "container": "ModuleDict ModuleList Sequential",
        "conv": "Conv1d Conv2d Conv3d",
        "conv_transpose": "ConvTranspose1d ConvTranspose2d ConvTranspose3d",
        "distance": "CosineSimilarity PairwiseDistance",
        "dropout": "AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout",
        "embedding": "Embedding",
        "embedding_bag": "EmbeddingBag",
        "flatten": "Flatten Unflatten",
        "fold": "Fold Unfold",
        "instancenorm": "InstanceNorm1d InstanceNorm2d InstanceNorm3d",
        "lazy": (
            "LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConv1d LazyConv2d LazyConv3d "
            "LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d LazyInstanceNorm1d "
            "LazyInstanceNorm2d LazyInstanceNorm3d LazyLinear"
        ),
        "likelihood_loss": "CTCLoss GaussianNLLLoss LinearCrossEntropyLoss PoissonNLLLoss",
        "linear": "Bilinear Identity Linear",
        "local_response": "LocalResponseNorm",
        "loss": (
            "BCELoss BCEWithLogitsLoss CrossEntropyLoss HuberLoss KLDivLoss L1Loss MSELoss "
            "NLLLoss NLLLoss2d SmoothL1Loss"
        ),
        "margin_loss": (
            "CosineEmbeddingLoss HingeEmbeddingLoss MarginRankingLoss MultiLabelMarginLoss "
            "MultiLabelSoftMarginLoss MultiMarginLoss SoftMarginLoss TripletMarginLoss "
            "TripletMarginWithDistanceLoss"
        ),
        "max_pooling": (
            "FractionalMaxPool2d FractionalMaxPool3d MaxPool1d MaxPool2d MaxPool3d "
            "MaxUnpool1d MaxUnpool2d MaxUnpool3d"
        ),
        "normalization": "GroupNorm LayerNorm RMSNorm",
        "padding": (
            "CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d "
            "ConstantPad3d ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d "
            "ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d"
        ),
        "parameter_container": "ParameterDict ParameterList",
        "pooling": "AvgPool1d AvgPool2d AvgPool3d LPPool1d LPPool2d LPPool3d",
        "rnn": "GRU LSTM RNN",
        "rnn_base": "RNNBase",
        "rnn_cells": "GRUCell LSTMCell RNNCell RNNCellBase",
        "shuffle": "ChannelShuffle PixelShuffle PixelUnshuffle",
        "softmax": "LogSoftmax Softmax Softmax2d Softmin",
        "transformer": "Transformer TransformerDecoder TransformerEncoder",
        "transformer_layers": "TransformerDecoderLayer TransformerEncoderLayer",
        "uninitialized": "UninitializedBuffer UninitializedParameter",
        "upsampling": "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
    }
    _HOMES = {**_later.homes(__name__, _LAYERS), "utils": "minitorch.nn.utils"}
    _refuse = _partial(_no_attribute, module=__name__)
    __getattr__, __dir__ = _later.attributes(__name__, _HOMES, _refuse)
