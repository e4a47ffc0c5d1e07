"""`python -m backtests.cli`, for where the command is not on the path."""

from backtests.cli import main

main()
