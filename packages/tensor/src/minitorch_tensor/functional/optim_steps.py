"""The steps of the optimizers, for a list of parameters at once, so that a kernel can fuse it.

The parameters and their state are written in place, under `no_grad`. The lists run in parallel:
`grads[i]`, `momenta[i]` belong to `params[i]`, have its shape, dtype and device, and share no
memory with it. Strides may differ. The number of steps done so far is a tensor too, on the device
of the parameters, so that a step reads nothing back to the host.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_tensor.core import Tensor
from minitorch_tensor.device import Device
from minitorch_tensor.joining import stack
from minitorch_tensor.op import Op
from minitorch_tensor.pointwise import maximum


class Parameters(list[Tensor]):
    """The parameters of one step: at least one, all on one device."""

    @property
    def device(self) -> Device:
        """Where they are."""
        return self[0].storage.device


@Op
def total_norm(tensors: Parameters, norm_type: float) -> Tensor:
    """The p-norm of all elements of all tensors together, a 0-d tensor.

    >>> total_norm(Parameters([Tensor([3.0]), Tensor([[4.0]])]), 2.0).item()
    5.0
    """
    return stack([x.norm(norm_type) for x in tensors]).norm(norm_type)


@Op
def scale_all(tensors: Parameters, factor: Tensor) -> None:
    """Multiply all tensors by one number, a 0-d tensor on their device, in place.

    >>> x, y = Tensor([1.0, 2.0]), Tensor([3.0])
    >>> scale_all(Parameters([x, y]), Tensor(2.0))
    >>> x.tolist(), y.tolist()
    ([2.0, 4.0], [6.0])
    """
    for x in tensors:
        x.mul_(factor)


@Op
def sgd_step(
    params: Parameters,
    grads: Sequence[Tensor],
    momenta: Sequence[Tensor],
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """Stochastic gradient descent, in place, for each parameter p with gradient g and momentum b.

        g = -g if maximize;  g = g + weight_decay * p
        b = momentum * b + (1 - dampening) * g;  g = g + momentum * b if nesterov else b
        p = p - lr * g

    Args:
        params: p, written; all on one device.
        grads: g, of the shapes of p.
        momenta: b, written; empty if `momentum` is 0. For the first step b = 0 and dampening = 0.
        lr: the learning rate.
        momentum: how much of b is kept.
        dampening: how much of g is left out of b.
        weight_decay: the weight of |p|^2 / 2, which is added to what is minimised.
        nesterov: look ahead along b.
        maximize: climb instead of descending.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html

    >>> p = Tensor([1.0, 2.0])
    >>> options = dict(momentum=0.0, dampening=0.0, weight_decay=0.0)
    >>> flags = dict(nesterov=False, maximize=False)
    >>> sgd_step(Parameters([p]), [Tensor([1.0, -1.0])], [], lr=0.5, **options, **flags)
    >>> p
    Tensor([0.5000, 2.5000], requires_grad=False)
    """
    for i, p in enumerate(params):
        g = -grads[i] if maximize else grads[i]
        if weight_decay != 0:
            g = g + p * weight_decay
        if momentum != 0:
            b = momenta[i]
            b.mul_(momentum).add_(g, alpha=1 - dampening)
            g = g + b * momentum if nesterov else b
        p.add_(g, alpha=-lr)


@Op
def adam_step(
    params: Parameters,
    grads: Sequence[Tensor],
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    max_exp_avg_sqs: Sequence[Tensor],
    steps: Sequence[Tensor],
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled_weight_decay: bool,
    amsgrad: bool,
    maximize: bool,
) -> None:
    """Adam, AdamW and AMSGrad, in place: parameter p, gradient g, averages m and v, step t.

        t = t + 1;  g = -g if maximize
        p = p * (1 - lr * weight_decay) if decoupled, else g = g + weight_decay * p
        m = m + (1 - beta1) * (g - m);  v = beta2 * v + (1 - beta2) * g * g
        w = v, or with amsgrad the largest v so far
        p = p - lr / (1 - beta1^t) * m / (sqrt(w) / sqrt(1 - beta2^t) + eps)

    Args:
        params: p, written; all on one device.
        grads: g, of the shapes of p.
        exp_avgs: m, written.
        exp_avg_sqs: v, written.
        max_exp_avg_sqs: the largest v so far, written; empty without `amsgrad`.
        steps: t, written: 0-d, floating, on the device of the parameters.
        lr: the learning rate.
        beta1: how much of m is kept.
        beta2: how much of v is kept.
        eps: keeps the quotient finite.
        weight_decay: how strongly p is drawn to 0.
        decoupled_weight_decay: as AdamW does it: directly, not through the gradient.
        amsgrad: divide by the largest v so far.
        maximize: climb instead of descending.

    Source: Kingma and Ba 2015, https://arxiv.org/abs/1412.6980; Loshchilov and Hutter 2019,
    https://arxiv.org/abs/1711.05101; Reddi, Kale and Kumar 2018, https://openreview.net/forum?id=ryQu7f-RZ;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html

    >>> p, m, v, t = Tensor([1.0]), Tensor([0.0]), Tensor([0.0]), Tensor(0.0)
    >>> options = dict(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0)
    >>> flags = dict(decoupled_weight_decay=False, amsgrad=False, maximize=False)
    >>> adam_step(Parameters([p]), [Tensor([5.0])], [m], [v], [], [t], **options, **flags)
    >>> p, t.item()
    (Tensor([0.9000], requires_grad=False), 1.0)
    """
    for i, p in enumerate(params):
        g, m, v = -grads[i] if maximize else grads[i], exp_avgs[i], exp_avg_sqs[i]
        steps[i].add_(1.0)
        t = steps[
            i
        ].double()  # 1 - beta2^t needs more digits than float32 has: 0.999^1 is close to 1
        if weight_decay != 0:
            if decoupled_weight_decay:
                p.mul_(1 - lr * weight_decay)
            else:
                g = g + p * weight_decay
        m.add_(g - m, alpha=1 - beta1)
        v.mul_(beta2).add_(g * g, alpha=1 - beta2)
        if amsgrad:
            largest = max_exp_avg_sqs[i]
            # A copy, where a recorded step reads it again in backward.
            w = maximum(largest.clone() if v.requires_grad else largest, v)
            largest.copy_(w)
        else:
            w = v
        step_size = lr / (1.0 - beta1**t)
        p.sub_(m / (w.sqrt() / (1.0 - beta2**t).sqrt() + eps) * step_size)
