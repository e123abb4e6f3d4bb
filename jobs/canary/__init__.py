"""A new version of a job on trial: run apart from everyone's data, compared with the live one, promoted or not."""
