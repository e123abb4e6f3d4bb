"""Pure functions DataFrame → DataFrame. What reads and writes is in jobs.workloads."""
