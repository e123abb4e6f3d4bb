"""Entry point that the engine runs: it serves every rule as a policy of its own."""

import sys
from pathlib import Path

# The engine runs this folder as a script, so `policies` is found only where the project is installed; with
# its parent on the path the pack also guards a program that knows nothing of this project.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies.serving import serve

serve()
