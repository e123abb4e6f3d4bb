"""One verb a file; `emrctl.main` holds the table of them."""
