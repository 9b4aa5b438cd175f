"""`python -m greenbridge` is the command line."""

from greenbridge.cli import main

main()
