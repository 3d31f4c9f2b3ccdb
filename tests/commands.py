"""Commands by name, with the groups they stand in."""

from selfvec.apps.table import GROUPS, TOP

PATHS = {name: [name] for name in TOP} | {
    name: [group, name] for group, (_, rows) in GROUPS.items() for name in rows
}
"""The words that call each command, by its name."""


def called(line: str) -> list[str]:
    """The words of a command line that begins with the name of a command, or with its group."""
    first, *rest = line.split()
    return [*PATHS.get(first, [first]), *rest]
