"""What a client may write into a resource, and the check of a request body against it: every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from karst.twin.errors import Message, RedfishError, refuse
from karst.twin.state import Json

_SECRET = frozenset({"Password", "Token"})  # errors repeat what was sent, but not these


@dataclass(frozen=True, slots=True)
class Rule:
    """A writable property: its type and the values it takes. `accept` sees values that passed the rest."""

    type: type = str
    choices: tuple[object, ...] = ()
    low: float | None = None
    high: float | None = None  # of a number, or of a text's length
    nullable: bool = False
    accept: Callable[[object], bool] | None = None

    def fault(self, value: object, name: str, pointer: str) -> Message | None:
        """What is wrong with `value`, if anything."""
        if value is None and self.nullable:
            return None
        shown = "***" if name in _SECRET else str(value)
        wrong = type(value) is not self.type and not (self.type is float and type(value) is int)
        if wrong:
            return Message("PropertyValueTypeError", (shown, name), pointer)
        if self.choices and value not in self.choices:
            return Message("PropertyValueNotInList", (shown, name), pointer)
        size = len(value) if isinstance(value, str | list) else value
        if isinstance(size, int | float) and (
            (self.low is not None and size < self.low) or (self.high is not None and size > self.high)
        ):
            return Message("PropertyValueOutOfRange", (shown, name), pointer)
        if self.accept is not None and not self.accept(value):
            return Message("PropertyValueFormatError", (shown, name), pointer)
        return None


Rules = Mapping[str, Rule]  # by dotted property


def check(body: Json, current: Json, rules: Rules) -> Json:
    """Return what is to change, dotted property -> value. Raises RedfishError (400) with every fault."""
    faults: list[Message] = []
    changes: Json = {}

    def walk(part: Json, known: object, before: str) -> None:
        for key, value in part.items():
            if key.startswith("@") or "@" in key:
                continue  # annotations that a client sends back
            name = before + key
            pointer = "#/" + name.replace(".", "/")
            inner = known.get(key) if isinstance(known, dict) else None
            if name in rules:
                value = _array(value, inner) if rules[name].type is list else value
                fault = rules[name].fault(value, key, pointer)
                if fault:
                    faults.append(fault)
                else:
                    changes[name] = value
            elif isinstance(value, dict) and any(rule.startswith(name + ".") for rule in rules):
                walk(value, inner, name + ".")
            elif isinstance(known, dict) and key in known:
                faults.append(Message("PropertyNotWritable", (key,), pointer))
            else:
                faults.append(Message("PropertyUnknown", (key,), pointer))

    walk(body, current, "")
    if faults:
        raise RedfishError(400, tuple(faults))
    if not changes:
        raise refuse(400, "NoOperation")
    return changes


def _array(value: object, current: object) -> object:
    """The array that a PATCH makes of `current`: null removes an element, {} leaves it (DSP0266, PATCH on arrays)."""
    if not isinstance(value, list):
        return value
    known = current if isinstance(current, list) else []
    kept = [known[index] if each == {} and index < len(known) else each for index, each in enumerate(value)]
    return [each for each in kept if each is not None]


def creation(body: Json, rules: Rules, required: tuple[str, ...]) -> Json:
    """Return the checked properties of a new member of a collection. Raises RedfishError (400) with every fault."""
    faults = [Message("PropertyMissing", (name,), f"#/{name}") for name in required if name not in body]
    try:
        given = check(body, {}, rules)
    except RedfishError as refused:
        if "NoOperation" not in [message.id for message in refused.messages]:
            faults += refused.messages
        given = {}
    if faults:
        raise RedfishError(400, tuple(faults))
    return given


def parameters(action: str, body: Json, rules: Rules, required: tuple[str, ...] = ()) -> Json:
    """Return the checked parameters of an action. Raises RedfishError (400) with every fault."""
    faults = [Message("ActionParameterMissing", (action, name)) for name in required if name not in body]
    for name, value in body.items():
        if name.startswith("@"):
            continue
        if name not in rules:
            faults.append(Message("ActionParameterUnknown", (action, name)))
            continue
        fault = rules[name].fault(value, name, "")
        if fault:
            kind = fault.id.replace("PropertyValue", "ActionParameterValue")
            faults.append(Message(kind, (str(value), name, action)))
    if faults:
        raise RedfishError(400, tuple(faults))
    return {name: value for name, value in body.items() if not name.startswith("@")}


def put(into: Json, dotted: str, value: object) -> None:
    """Set a dotted property."""
    *way, last = dotted.split(".")
    for step in way:
        into = into.setdefault(step, {})
    into[last] = value
