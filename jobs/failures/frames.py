"""Python tracebacks, also those that come back from Spark's workers: the job's own line, and what was raised."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jobs.failures.finding import Frame
from jobs.failures.text import quotable

_FRAME = re.compile(r'^(?:\| ?)?\s+File "([^"]+)", line (\d+)(?:, in (\S+))?$')
# The line that ends a traceback: `ValueError: no`, `pkg.Error: [CODE] no`, `KeyError`; also behind `Caused by: `.
_RAISED = re.compile(
    r"^((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning))(?::\s?(.*))?$"
)
_LIBRARY = re.compile(
    r"(^|/)(pyspark|py4j)[^/]*(/|$)|/lib(64)?/python\d|site-packages|dist-packages|^<frozen|/runpy\.py$"
)
# Errors that only tell of another one, which stands elsewhere.
WRAPPERS = frozenset(
    {"Py4JJavaError", "SparkException", "StreamingQueryException", "SparkRuntimeException", "Py4JNetworkError",
     "SparkUserAppException", "KeyboardInterrupt"}
)  # fmt: skip
# Raised by Python itself, whoever calls: the program is wrong.
OF_THE_PROGRAM = frozenset(
    {"AttributeError", "KeyError", "IndexError", "TypeError", "NameError", "UnboundLocalError", "ZeroDivisionError",
     "RecursionError", "NotImplementedError", "SyntaxError", "IndentationError", "StopIteration", "PySparkTypeError",
     "PySparkValueError", "PySparkAttributeError"}
)  # fmt: skip
# Raised by anybody for anything: the program's own only where its own line raises them.
OF_ITS_LINE = frozenset({"ValueError", "AssertionError", "RuntimeError", "Exception", "OverflowError"})


class Traceback:
    """What one record of a log tells of a Python error. `raised` is the last error's name without its module."""

    def __init__(self, text: str, packages: Sequence[str] = ()) -> None:
        self.raised = ""
        self.message = ""
        self.own: Frame | None = None
        self.own_is_innermost = False
        lines = text.splitlines()
        for index, line in enumerate(lines):
            if found := _FRAME.match(line):
                own = _is_own(found[1], packages)
                if own:
                    # The code is the next line, unless the source was not at hand: then the next frame is.
                    code = "".join(lines[index + 1 : index + 2])
                    code = "" if _FRAME.match(code) else quotable(code)
                    self.own = Frame(file=found[1], line=int(found[2]), function=found[3] or "", code=code)
                self.own_is_innermost = own
            elif "File " in text and (raised := _RAISED.match(line.removeprefix("Caused by: "))):
                self.raised = raised[1].rpartition(".")[2]
                self.message = raised[2] or ""

    @property
    def wraps(self) -> bool:
        """Whether its error is another one's messenger, or there is none."""
        return not self.raised or self.raised in WRAPPERS

    @property
    def of_the_program(self) -> bool:
        """Whether the job's own code is wrong, so far as Python can tell."""
        if self.own is None:
            return False
        return self.raised in OF_THE_PROGRAM or (self.raised in OF_ITS_LINE and self.own_is_innermost)

    @property
    def on_purpose(self) -> bool:
        """Whether the job's own line raises it: a check of its own."""
        return (
            self.own is not None and self.own_is_innermost and self.own.code.startswith(("raise ", "assert "))
        )


def _is_own(file: str, packages: Sequence[str]) -> bool:
    if any(f"/{package.replace('.', '/')}/" in f"/{file}" for package in packages):
        return True
    return not _LIBRARY.search(file)
