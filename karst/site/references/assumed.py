"""Checks of `assumed`: each reason belongs to something that the file says."""

from __future__ import annotations

from karst.site.draft import Draft
from karst.site.problems import Problems, nearest
from karst.site.yaml import Node


def check_assumed(draft: Draft, problems: Problems) -> None:
    """Pass: the dotted path leads to a value of its file, by names as written or as short forms give them."""
    for document in (*draft.documents(), *draft.specs.values()):
        if document.root is None or document.written is None or document.model is None:
            continue
        for path, reason in document.model.assumed.items():
            line = document.line("assumed", path)
            if not reason.strip():
                problems.error(document.file, line, f"assumed.{path} gives no reason", "why this value was taken")
            missing = _missing(path, (document.written, document.root))
            if missing is not None:
                parent, name, known = missing
                what = f'assumed names "{path}", but there is no "{name}" in {parent or "the file"}'
                problems.error(
                    document.file, line, what, "a path of the file such as power.capacity_kw" + nearest(name, known)
                )


def _missing(path: str, roots: tuple[Node, ...]) -> tuple[str, str, list[str]] | None:
    """Return where the path ends, the name that is missing there and the names that are not; nothing if it is whole."""
    nodes = list(roots)
    steps = path.split(".")
    for index, step in enumerate(steps):
        maps = [node.value for node in nodes if isinstance(node.value, dict)]
        nodes = [entries[step] for entries in maps if step in entries]
        if not nodes:
            return ".".join(steps[:index]), step, [name for entries in maps for name in entries]
    return None
