"""What Spark runs: each module has a `main(argv)` that reads, transforms, checks, writes and reports."""
