"""Where a job runs, apart from what it is: one small interface, one module for each runtime."""
