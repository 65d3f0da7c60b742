"""`Parameter` and `Buffer`: tensors that a module registers when they become its attributes."""

from __future__ import annotations

from minitorch_tensor import Tensor


class Parameter(Tensor):
    """A tensor to be learnt: a leaf that requires grad, sharing the memory of `data`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html

    The course's form works too: `Parameter(x, name)` with `.value` and `.update(x)`.

    Args:
        data: its first value; a number becomes a 0-d tensor; nothing is an empty tensor.
        requires_grad: whether gradients are wanted; a string here is the name.
        name: for people to read.

    Raises:
        RuntimeError: if it shall require grad, but its dtype is not floating.
        TypeError: if `data` is neither a tensor nor a number.

    >>> w = Parameter(Tensor([1.0, 2.0]))
    >>> w
    Parameter containing:
    Tensor([1., 2.], requires_grad=True)
    >>> type(w + 1).__name__
    'Tensor'
    """

    name: str | None = None

    def __init__(
        self,
        data: Tensor | float | None = None,
        requires_grad: bool | str = True,
        name: str | None = None,
    ) -> None:
        if data is None:
            source = Tensor([])
        elif isinstance(data, Tensor):
            source = data.detach()
        elif isinstance(data, (int, float)):
            source = Tensor(data)
        else:
            raise TypeError(
                f"Parameter: expected a Tensor or a number as data, but got {typename(data)}; "
                "make a tensor of it first"
            )
        self.storage, self.layout, self.dtype = source.storage, source.layout, source.dtype
        self.requires_grad = False
        self.grad = self.node = self.base = None
        if isinstance(requires_grad, str):
            name, requires_grad = requires_grad, True
        if name is not None:
            self.name = name
        if requires_grad:
            self.requires_grad_()

    @property
    def value(self) -> Tensor:
        """The parameter itself: the course keeps its value apart."""
        return self

    def update(self, x: Tensor | float) -> None:
        """Let the value be `x` from now on, with no gradient yet."""
        self.data = x if isinstance(x, Tensor) else Tensor(x, dtype=self.dtype, device=self.device)
        self.grad = None

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """State that is not learnt, sharing the memory of `data`: what `register_buffer` registers.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html

    Args:
        data: its first value; nothing is an empty tensor.
        persistent: whether it is in the `state_dict` of a module.

    >>> import minitorch as torch
    >>> class Counter(torch.nn.Module):
    ...     def __init__(self) -> None:
    ...         super().__init__()
    ...         self.count = torch.nn.Buffer(torch.tensor([0.0]))
    >>> list(Counter().state_dict())
    ['count']
    """

    persistent: bool

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        source = Tensor([]) if data is None else data.detach()
        self.storage, self.layout, self.dtype = source.storage, source.layout, source.dtype
        self.requires_grad = False
        self.grad = self.node = self.base = None
        self.persistent = persistent
        if data is not None and data.requires_grad:
            self.requires_grad_()


def typename(value: object) -> str:
    """What to call the type of a value in a message.

    >>> typename(3), typename(Tensor(1.0)), typename(Parameter(1.0))
    ('int', 'minitorch.Tensor', 'minitorch.nn.Parameter')
    """
    kind = type(value)
    if kind is Tensor:
        return "minitorch.Tensor"
    if kind is Parameter:
        return "minitorch.nn.Parameter"
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
