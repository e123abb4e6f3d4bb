"""The one error that a user's mistake raises, anywhere in the project."""


class UserError(Exception):
    """A mistake the user can mend: one line that says what, which value, what is allowed, what to do.

    The command line prints the message alone, with exit code `code`; a traceback is only for our own defects.
    """

    def __init__(self, message: str, *, code: int = 2) -> None:
        super().__init__(message)
        self.code = code
