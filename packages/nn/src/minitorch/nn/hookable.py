"""Registering hooks: that part of `Module`. What they are called with, and when, is in `hooks`."""

from __future__ import annotations

from collections.abc import Callable

from minitorch.hook_table import add_hook
from minitorch.nn.hooks import Hook, Table
from minitorch_autodiff import RemovableHandle


class Hookable:
    """A table of hooks for each moment; every registration gives a handle that takes it back.

    `Module` is the only class derived from this one.
    """

    _forward_pre_hooks: Table
    _forward_hooks: Table
    _backward_pre_hooks: Table
    _backward_hooks: Table
    _state_dict_pre_hooks: Table
    _state_dict_hooks: Table
    _load_state_dict_pre_hooks: Table
    _load_state_dict_post_hooks: Table

    def register_forward_pre_hook(
        self, hook: Callable[..., object], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before each `forward`; what it returns replaces the arguments.

        With `with_kwargs` it is called as `hook(module, args, kwargs)` and returns a pair of both,
        or None. With `prepend` it comes before the hooks that are there. `handle.remove()` takes it
        away.
        https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        return add_hook(self._forward_pre_hooks, Hook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., object],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; what it returns replaces the output.

        With `with_kwargs` it is called as `hook(module, args, kwargs, output)`. With `prepend` it
        comes before the hooks that are there. With `always_call` it runs also when `forward`
        raises; the output is then None. `handle.remove()` takes it away.
        https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        return add_hook(self._forward_hooks, Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., object], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_output)` in backward, before that of this module.

        `grad_output` has the gradient of each output; a tuple returned replaces it.
        https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        return add_hook(self._backward_pre_hooks, Hook(hook), prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., object], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` in backward, after that of this module.

        Both have a gradient, or None, for each positional argument and each output; a tuple
        returned replaces `grad_input`.
        https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html

        >>> import minitorch as torch
        >>> layer = torch.nn.Linear(2, 1)
        >>> handle = layer.register_full_backward_hook(
        ...     lambda module, grad_input, grad_output: print(grad_output[0].tolist())
        ... )
        >>> layer(torch.ones(1, 2, requires_grad=True)).sum().backward()
        [[1.0]]
        """
        return add_hook(self._backward_hooks, Hook(hook), prepend)

    def register_state_dict_pre_hook(self, hook: Callable[..., object]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` looks at this module."""
        return add_hook(self._state_dict_pre_hooks, Hook(hook))

    def register_state_dict_post_hook(self, hook: Callable[..., object]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` after `state_dict` has been here.

        It may change the dictionary, and returns None.
        """
        return add_hook(self._state_dict_hooks, Hook(hook))

    def register_load_state_dict_pre_hook(self, hook: Callable[..., object]) -> RemovableHandle:
        """Call `hook` before `load_state_dict` looks at this module.

        Its arguments are (module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs). It may change the dictionary, which is a copy of the one that
        was given, and the lists.
        """
        return add_hook(self._load_state_dict_pre_hooks, Hook(hook))

    def register_load_state_dict_post_hook(self, hook: Callable[..., object]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after a state was written into this module.

        It may change the two lists, and returns None: what it leaves in them is an error if the
        loading is strict.
        """
        return add_hook(self._load_state_dict_post_hooks, Hook(hook))
