"""PyTorch's switches for its kernels on a GPU.

https://docs.pytorch.org/docs/stable/backends.html#module-torch.backends.cuda
"""

from __future__ import annotations

from minitorch_tensor.settings import get_float32_matmul_precision, set_float32_matmul_precision


class Products:
    """Of matrix products: how exact PyTorch's must be. Ours sum float32 and 16 bits in float32.

    >>> from minitorch.backends import cuda
    >>> cuda.matmul.allow_tf32
    False
    """

    allow_fp16_reduced_precision_reduction = True
    """Whether PyTorch may sum products of float16 in float16. Ours are summed in float32."""

    allow_bf16_reduced_precision_reduction = True
    """The same for bfloat16."""

    @property
    def allow_tf32(self) -> bool:
        """Whether PyTorch may round factors to 10 bits; `set_float32_matmul_precision`."""
        return get_float32_matmul_precision() != "highest"

    @allow_tf32.setter
    def allow_tf32(self, allowed: bool) -> None:
        set_float32_matmul_precision("high" if allowed else "highest")


matmul = Products()


def is_built() -> bool:
    """Whether there are kernels for NVIDIA's GPUs; `minitorch.cuda.is_available` sees a GPU too.

    True: they are compiled when they are first called.
    """
    return True
