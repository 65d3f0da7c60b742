"""The GPU, which needs the package `minitorch-cuda`; without it all else works.

That package is imported when it is first needed: few programs use a GPU, and all import this one.
"""

from __future__ import annotations

from minitorch_tensor.device import promise_backend

__all__ = ["device_count", "get_device_name", "is_available", "synchronize"]


def _installed() -> bool:
    try:
        import minitorch_cuda  # noqa: F401, it registers its backend
    except ModuleNotFoundError as error:
        if error.name != "minitorch_cuda":
            raise
        return False
    return True


def _require() -> None:
    """Import the package.

    Raises:
        RuntimeError: if it is not installed.
    """
    if not _installed():
        raise RuntimeError(
            "device 'cuda' cannot be used: the package minitorch-cuda is not installed; run "
            'pip install "minitorch-cuda[cuda]"'
        )


def is_available() -> bool:
    """Whether tensors can live on "cuda".

    False without the package, and where it finds no driver, GPU or compiler.
    https://docs.pytorch.org/docs/stable/generated/torch.cuda.is_available.html
    """
    if not _installed():
        return False
    from minitorch_cuda import is_available

    return is_available()


def device_count() -> int:
    """The number of GPUs that can be used.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.device_count.html
    """
    if not _installed():
        return 0
    from minitorch_cuda import device_count

    return device_count()


def get_device_name() -> str:
    """The name of the GPU.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_device_name.html

    Raises:
        RuntimeError: if there is none.
    """
    _require()
    from minitorch_cuda import get_device_name

    return get_device_name()


def synchronize() -> None:
    """Wait until all that was launched has ended.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.synchronize.html

    Raises:
        RuntimeError: if there is no GPU.
    """
    _require()
    from minitorch_cuda import synchronize

    synchronize()


promise_backend("cuda", _require)
