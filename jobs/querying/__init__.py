"""The run store as a table of SQL: its columns, a local copy of its records, and questions in DuckDB."""
