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
        if found.opname.startswith("STORE_"):
            # From Python 3.13 on one instruction may store two variables, this one first.
            return str(found.argval[0] if isinstance(found.argval, tuple) else found.argval)
        if found.opname != "CACHE":
            break
    return "shared"
