"""The data files: JSON, each with the day it was true (`as_of`) and where it is from (`sources`)."""
