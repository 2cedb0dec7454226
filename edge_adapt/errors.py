"""The one exception that is meant for a person."""


class UsageError(ValueError):
    """
    A user's mistake, or bad input, told in one sentence that names the value and what is right.

    The command line prints the sentence and exits with status 2; a node refuses the value, says
    why and goes on with what it had.
    """
