"""`python -m unetkd_core`: the same as the command `unetkd`."""

from unetkd_core.cli.main import main

if __name__ == "__main__":
    main()
