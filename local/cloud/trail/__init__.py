"""CloudTrail's event history: who called what, from where, and how it ended."""
