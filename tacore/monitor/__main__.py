"""Run the monitor as a child of `tacore up`, whose spec comes on standard input."""

import sys

from tacore import processes
from tacore.errors import TacoreError
from tacore.monitor.serve import serve_monitor
from tacore.settings.loaded import Loaded

CONFIGURATION = 6


def main() -> int:
    """Serve; give the exit status."""
    spec = processes.read_spec()
    try:
        serve_monitor(Loaded.from_json(spec["loaded"]), stderr=bool(spec.get("stderr")), watch_parent=True)
    except TacoreError as error:
        sys.stderr.write(f"tacore monitor: {error.message}; `tacore up --no-monitor` does without\n")
        return CONFIGURATION
    return 0


if __name__ == "__main__":
    sys.exit(main())
