"""The variable that a call's result is assigned to, so that messages can say `tile[3]`."""

import dis
from functools import cache
from types import CodeType


@cache
def assigned_name(code: CodeType, instruction: int) -> str:
    """The variable that the call at `instruction` of `code` is assigned to; `shared` if to none.

    >>> import sys
    >>> def place():
    ...     frame = sys._getframe(1)
    ...     return frame.f_code, frame.f_lasti
    >>> def kernel():
    ...     tile = place()
    ...     return tile
    >>> assigned_name(*kernel())
    'tile'
    """
    following = (found for found in dis.get_instructions(code) if found.offset > instruction)
    for found in following:
        if found.opname in ("STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"):
            return str(found.argval)
        if found.opname != "CACHE":
            break
    return "shared"
