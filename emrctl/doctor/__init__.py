"""Is the account ready for a stack? Everything that would fail in the middle of an update is asked before it."""
