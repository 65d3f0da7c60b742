"""What kernels call that is a few machine instructions: choices, rounding, the bits of a float.

Each is an LLVM instruction with a name, so that it costs no call and does not end a vectorised loop. This module
imports numba, and only kernel files import it. Its text is part of the hash that names them.
"""

import math
from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import types
from numba.core.base import BaseContext
from numba.core.typing import BaseContext as TypingContext, Signature
from numba.extending import intrinsic
