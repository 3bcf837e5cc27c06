"""`python -m discharge` is the command `discharge`."""

import sys

if __name__ == "__main__":
    try:
        from discharge.cli import main
    except KeyboardInterrupt:  # Ctrl-C before anything is loaded
        sys.stderr.write("discharge: interrupted\n")
        sys.exit(130)
    sys.exit(main())
