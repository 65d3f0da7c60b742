"""One kind of error for everything the user can mend: a sentence, no traceback, exit code 2."""


class UserError(Exception):
    """What went wrong and what to do about it, in one line."""
