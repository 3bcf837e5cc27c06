"""`python -m discharge` is the command `discharge`."""

import sys

from discharge.cli import main

if __name__ == "__main__":
    sys.exit(main())
