"""How long a state waits, counted anew where the execution has been redriven.

A variable keeps the time of the first attempt. An execution that is redriven the next day would find it past at once.
"""

from __future__ import annotations

# In the context only once an execution has been redriven.
_REDRIVEN = "$states.context.Execution.RedriveTime"


def since(began: str) -> str:
    """JSONata for `began` (the name of a variable, in milliseconds), or for the redrive where that came later."""
    return f"($exists({_REDRIVEN}) ? $max([${began}, $toMillis({_REDRIVEN})]) : ${began})"


def end(deadline: str, milliseconds: str) -> str:
    """JSONata for `deadline` (the name of a variable), or for `milliseconds` after the redrive where that is later."""
    later = f"$max([${deadline}, $toMillis({_REDRIVEN}) + {milliseconds}])"
    return f"($exists({_REDRIVEN}) ? {later} : ${deadline})"


def not_past(deadline: str, milliseconds: str) -> str:
    """JSONata: is it before that end?"""
    return f"$millis() < {end(deadline, milliseconds)}"
