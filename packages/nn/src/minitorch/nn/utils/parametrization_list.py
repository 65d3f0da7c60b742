"""What a parametrized tensor is computed from: its originals, and the modules they go through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from minitorch.nn.container import ModuleList
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_autodiff import no_grad
from minitorch_tensor import Tensor

Tensors = Tensor | Sequence[Tensor]
Inverse = Callable[[Tensor], Tensors]


def inverse_of(parametrization: Module) -> Inverse | None:
    """The `right_inverse` of a parametrization, if it has one."""
    found: Inverse | None = getattr(parametrization, "right_inverse", None)
    return found


def register(module: Module, name: str, value: Tensor) -> None:
    """Register a parameter as a parameter, and any other tensor as a buffer."""
    if isinstance(value, Parameter):
        module.register_parameter(name, value)
    else:
        module.register_buffer(name, value)


class ParametrizationList(ModuleList[Module]):
    """`originals -> modules[0] -> modules[1] -> ...`: the value of one parametrized tensor.

    It is `module.parametrizations.weight` where `module.weight` is parametrized, and holds what is
    learnt as `original`; or, if the `right_inverse` of the first parametrization gives several
    tensors, as `original0`, `original1`, ... `register_parametrization` makes it.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.ParametrizationList.html

    Args:
        modules: the parametrizations; at least one.
        original: the tensor before it was parametrized.
        unsafe: whether the value may have another shape or dtype than `original`.

    Raises:
        ValueError: without modules; or if what they compute does not fit `original`.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        inverted = self._inverted(original, required=False)
        self.is_tensor = isinstance(inverted, Tensor)
        self.ntensors = 1 if isinstance(inverted, Tensor) else len(inverted)
        if isinstance(inverted, Tensor):
            for what, before, after in (
                ("dtype", dtype, inverted.dtype),
                ("device", original.device, inverted.device),
            ):
                if before != after:
                    raise ValueError(
                        f"When `right_inverse` outputs one tensor, it may not change the {what}.\n"
                        f"original.{what}: {before}\nright_inverse(original).{what}: {after}"
                    )
            # The same object with another value: an optimizer that has it need not be told.
            original.data = inverted.detach()
            register(self, "original", original)
        else:
            for i, each in enumerate(inverted):
                made = Parameter(each) if isinstance(original, Parameter) else each.detach()
                register(self, f"original{i}", made.requires_grad_(original.requires_grad))
        if not unsafe:
            self._check(self(), shape, dtype)

    def _inverted(self, value: Tensor, required: bool) -> Tensors:
        """The originals of a value, found by the right inverses of all modules, the last first.

        Raises:
            RuntimeError: if a right inverse is required, and a module has none.
            ValueError: if a right inverse gives neither a tensor nor tensors.
        """
        found: object = value
        with no_grad():
            for module in reversed(list(self)):
                inverse = inverse_of(module)
                if inverse is None:
                    if required:
                        raise RuntimeError(
                            f"parametrization {type(module).__name__} does not implement "
                            "right_inverse."
                        )
                    continue
                try:
                    found = _invert(inverse, found)
                except NotImplementedError:
                    if required:
                        raise
        if isinstance(found, Tensor):
            return found
        if not isinstance(found, Sequence):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(found).__name__}"
            )
        tensors = [each for each in found if isinstance(each, Tensor)]
        if len(tensors) != len(found):
            i = next(i for i, each in enumerate(found) if not isinstance(each, Tensor))
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got element {i} of the sequence with type {type(found[i]).__name__}."
            )
        return tensors

    def _check(self, value: object, shape: tuple[int, ...], dtype: object) -> None:
        if not isinstance(value, Tensor):
            raise ValueError(f"A parametrization must return a tensor. Got {type(value).__name__}.")
        for what, before, after in (
            ("dtype", dtype, value.dtype),
            ("shape", shape, value.shape),
        ):
            if before != after:
                raise ValueError(
                    f"Registering a parametrization may not change the {what} of the tensor, "
                    f"unless `unsafe` flag is enabled.\nunparametrized {what}: {before}\n"
                    f"parametrized {what}: {after}"
                )

    def originals(self) -> Iterator[Tensor]:
        """The tensors that the first parametrization is given."""
        attributes = self.__dict__
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        return (attributes[name] for name in names)

    def right_inverse(self, value: Tensor) -> None:
        """Let the value be this, as far as the right inverses go: it is written to the originals.

        Raises:
            RuntimeError: if a parametrization has no `right_inverse`.
            ValueError: if the right inverses give other tensors than the first time.
        """
        inverted = self._inverted(value, required=True)
        given = [inverted] if isinstance(inverted, Tensor) else list(inverted)
        if isinstance(inverted, Tensor) != self.is_tensor or len(given) != self.ntensors:
            wanted = "a tensor" if self.is_tensor else f"a sequence of {self.ntensors} tensors"
            raise ValueError(
                f"`right_inverse` should return {wanted}, as it did before. "
                f"Got {type(inverted).__name__} of length {len(given)}"
            )
        pairs = list(zip(self.originals(), given, strict=True))
        for i, (original, new) in enumerate(pairs):
            if new.dtype is not original.dtype:
                name = "original" if self.is_tensor else f"original{i}"
                raise ValueError(
                    f"The tensor {i} returned by `right_inverse` has dtype {new.dtype} while "
                    f"`{name}` has dtype {original.dtype}"
                )
        for original, new in pairs:
            original.data = new.detach()

    def forward(self) -> Tensor:
        """The value."""
        first, *others = self
        value = first(*self.originals())
        for module in others:
            value = module(value)
        return value


def _invert(inverse: Inverse, value: object) -> object:
    if not isinstance(value, Tensor):
        raise ValueError(
            "only the first parametrization may depend on several tensors: the `right_inverse` of "
            f"a later one returned {type(value).__name__}"
        )
    return inverse(value)
