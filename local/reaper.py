"""`python -m local.reaper INSTANCE`: ends what a local AWS leaves behind, however the server ended.

The server starts it with a pipe as its standard input and keeps the other end. When the server is gone, by
whatever means, the pipe ends; then every process that carries the instance's mark is ended, and so does this.
"""

from __future__ import annotations

import os
import signal
import sys

from local.processes import end_instance


def main(instance: str) -> None:
    """Wait for the end of standard input, then end the processes of `instance`."""
    # A terminal's Ctrl-C is for the server to answer; the reaper outlives it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while os.read(0, 1):
        pass
    end_instance(instance)


if __name__ == "__main__":
    main(sys.argv[1])
