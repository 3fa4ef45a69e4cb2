"""Step Functions' tasks: every integration is called as the state machine's role, with AWS's error names."""

from twin.emulator import hooks
from twin.stepfunctions.definition import problem
from twin.stepfunctions.tasks import run


def register() -> None:
    """Check definitions, and take over the work of the emulator's Task states and how its executions end."""
    hooks.check_definitions_with(problem)
    hooks.run_tasks_with(run)
    hooks.give_succeed_states_their_output()
    hooks.keep_executions_ended()
    hooks.enforce_execution_timeouts()
    hooks.redrive_executions()
    # The last that is registered is the first to end: no execution may begin a change of a stack any more.
    hooks.finish_stacks()
    hooks.end_executions_with_the_emulator()
