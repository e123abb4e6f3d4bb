"""The certificates with which EMR's nodes talk to each other. Their keys pass through memory, never a file or a log."""
