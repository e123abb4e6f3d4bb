"""The judge for labelled files of the outside world: other tools' programs as the pack would see them, and a score."""
