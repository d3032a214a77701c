"""Run the command line as ``python -m tacore``."""

from tacore.cli.entry import main

if __name__ == "__main__":
    main()
