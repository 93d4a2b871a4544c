"""Variables that are worked out when somebody first looks at them: of 50,000 hosts a play touches a few."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any


class LazyVariables(MutableMapping[str, Any]):
    """A mapping that calls `work_out` at the first look into it.

    `|` is what Ansible combines variables with: with nothing on the right it gives the mapping itself, unlooked at.
    """

    __slots__ = ("_found", "_work_out")

    def __init__(self, work_out: Callable[[], dict[str, Any]]) -> None:
        self._work_out = work_out
        self._found: dict[str, Any] | None = None

    @property
    def _variables(self) -> dict[str, Any]:
        if self._found is None:
            self._found = self._work_out()
        return self._found

    def __getitem__(self, name: str) -> Any:
        return self._variables[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._variables[name] = value

    def __delitem__(self, name: str) -> None:
        del self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __or__(self, other: Mapping[str, Any]) -> MutableMapping[str, Any]:
        return self._variables | other if other else self  # type: ignore[operator] # a dict in all that Ansible does

    def __ror__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**other, **self._variables}

    def copy(self) -> dict[str, Any]:
        """Return a plain copy, as `dict.copy` does."""
        return dict(self._variables)
