"""Why a run failed: evidence in, a class with what shows it and what to change out. No AWS, no Spark in here."""
