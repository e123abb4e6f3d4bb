"""What all callers of jobs share, so that there is one run of each and no more than are allowed.

`breaker` and `slots` decide and know no AWS; `table` keeps what they decide, by conditional writes to one table.
"""
