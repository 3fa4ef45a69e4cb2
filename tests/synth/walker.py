"""Walks a state machine with scripted answers: which states it visits, what they ask for, how it ends.

Only what the workflow uses of the States Language: JSONata, Task, Pass, Map, Choice, Wait, Succeed and Fail. Retries
are left out: a scripted error is one that they did not cure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonata  # type: ignore[import-untyped]

Json = Any


class TaskError(Exception):
    """An answer that is an error: name and cause, as Step Functions reports them."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error)
        self.output = {"Error": error, "Cause": cause}


@dataclass
class Walk:
    """What happened. `requests` holds the arguments of each task, by state, in order."""

    visited: list[str] = field(default_factory=list)
    requests: dict[str, list[Json]] = field(default_factory=dict)
    output: Json = None
    error: str | None = None
    cause: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.error is None


class Walker:
    """Runs `definition`; `answers` maps states to results, errors, or lists of them to be used in order.

    `redriven` is the time (ISO 8601) at which the execution was redriven, if it was.
    """

    def __init__(self, definition: Mapping[str, Json], answers: Mapping[str, Json], redriven: str = "") -> None:
        self._definition = definition
        self._answers = {name: list(a) if isinstance(a, list) else a for name, a in answers.items()}
        self.variables: dict[str, Json] = {}
        self._context: dict[str, Any] = {
            "Execution": {"Id": "arn:aws:states:::execution:m:run_1", "Name": "run_1", "Input": {}},
            "Task": {"Token": "token"},
        }
        if redriven:
            self._context["Execution"]["RedriveTime"] = redriven
        self.walk = Walk()

    def run(self, most_states: int = 200) -> Walk:
        """Walk to the end; a machine that takes more than `most_states` is caught in a loop."""
        name: str = self._definition["StartAt"]
        data: Json = {}
        for _ in range(most_states):
            body = self._definition["States"][name]
            self.walk.visited.append(name)
            if body["Type"] == "Fail":
                self.walk.error = self._render(body["Error"], {"input": data})
                self.walk.cause = self._render(body["Cause"], {"input": data})
                return self.walk
            if body["Type"] == "Succeed":
                self.walk.output = self._render(body["Output"], {"input": data})
                return self.walk
            data, name = self._step(name, body, data)
        raise AssertionError(f"no end after {most_states} states: … {self.walk.visited[-12:]}")

    def _step(self, name: str, body: Mapping[str, Json], data: Json) -> tuple[Json, str]:
        if body["Type"] == "Choice":
            for rule in body["Choices"]:
                if self._render(rule["Condition"], {"input": data}) is True:
                    self._assign(rule, {"input": data})
                    return data, rule["Next"]
            self._assign(body, {"input": data})
            return data, body["Default"]
        if body["Type"] == "Wait":
            return data, body["Next"]
        if body["Type"] == "Pass":
            self._assign(body, {"input": data})
            return self._render(body["Output"], {"input": data}) if "Output" in body else data, body["Next"]
        try:
            result = self._map(body, data) if body["Type"] == "Map" else self._task(name, body, data)
            states = {"input": data, "result": result}
            output = self._render(body["Output"], states) if "Output" in body else result
            self._assign(body, states)
        except TaskError as error:
            named = {error.output["Error"], "States.ALL"}
            catcher = next(c for c in body["Catch"] if named & set(c["ErrorEquals"]))
            states = {"input": data, "errorOutput": error.output}
            output = self._render(catcher["Output"], states) if "Output" in catcher else error.output
            self._assign(catcher, states)
            return output, catcher["Next"]
        return output, body["Next"]

    def _task(self, name: str, body: Mapping[str, Json], data: Json) -> Json:
        request = self._render(body["Arguments"], {"input": data})
        self.walk.requests.setdefault(name, []).append(request)
        answer = self._answers[name]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, TaskError):
            raise answer
        return {"Payload": answer} if body["Resource"].endswith("lambda:invoke") else answer

    def _map(self, body: Mapping[str, Json], data: Json) -> list[Json]:
        processor, results = body["ItemProcessor"], []
        name = processor["StartAt"]
        for item in self._render(body["Items"], {"input": data}):
            self._context["Map"] = {"Item": {"Value": item}}
            selected = self._render(body["ItemSelector"], {"input": data})
            results.append(self._item(name, processor["States"], selected))
        return results

    def _item(self, name: str, states: Mapping[str, Json], data: Json) -> Json:
        """One item of a Map: a task, and where its error is caught a state that passes on what is said of it."""
        inner = states[name]
        try:
            result = self._task(name, inner, data)
        except TaskError as error:
            catcher = next((c for c in inner.get("Catch", []) if "States.ALL" in c["ErrorEquals"]), None)
            if catcher is None:
                raise
            following = states[catcher["Next"]]
            assert following["Type"] == "Pass"
            assert following["End"]
            return self._render(catcher["Output"], {"input": data, "errorOutput": error.output})
        return self._render(inner["Output"], {"input": data, "result": result})

    def _assign(self, body: Mapping[str, Json], states: Mapping[str, Json]) -> None:
        self.variables |= {name: self._render(v, states) for name, v in body.get("Assign", {}).items()}

    def _render(self, template: Json, states: Mapping[str, Json]) -> Json:
        if isinstance(template, dict):
            return {key: self._render(value, states) for key, value in template.items()}
        if isinstance(template, list):
            return [self._render(value, states) for value in template]
        if isinstance(template, str) and template.startswith("{%"):
            return self._evaluate(template[2:-2], states)
        return template

    def _evaluate(self, text: str, states: Mapping[str, Json]) -> Json:
        null = jsonata.utils.Utils.NULL_VALUE
        bindings = {name: null if value is None else value for name, value in self.variables.items()}
        bindings["states"] = {**states, "context": self._context}
        expression = jsonata.Jsonata.jsonata(text)
        expression.register_lambda("hash", lambda value, _: hashlib.sha256(value.encode()).hexdigest())
        value = expression.evaluate(None, bindings)
        defined = jsonata.Jsonata.jsonata(f"$exists(({text}))")
        defined.register_lambda("hash", lambda value, _: value)
        if value is None and not defined.evaluate(None, bindings):
            # Step Functions refuses an expression without a result, and so does this.
            raise TaskError("States.QueryEvaluationError", f"{text} has no result")
        return value


def in_order(visited: Iterable[str], *names: str) -> bool:
    """Whether `names` were visited in this order, whatever lies between them."""
    left = iter(visited)
    return all(name in left for name in names)
