"""The command: one verb a file, each a call into the other packages and nothing else."""
