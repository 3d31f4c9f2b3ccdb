"""README.md as PyPI shows it, where relative links lead nowhere: they lead to the repository, at the tag."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_RELATIVE = r"(?!\w+:|#)"
_PICTURE = re.compile(rf"(!\[[^\]]*\]\(){_RELATIVE}")
_LINK = re.compile(rf"(\]\(|^\[[^\]]+\]: ){_RELATIVE}", re.MULTILINE)


class Readme(MetadataHookInterface):
    """Fills in the field `readme`."""

    def update(self, metadata: dict[str, Any]) -> None:
        repository, tag = metadata["urls"]["Repository"], f"v{metadata['version']}"
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        text = _PICTURE.sub(rf"\g<1>{repository}/raw/{tag}/", text)
        text = _LINK.sub(rf"\g<1>{repository}/blob/{tag}/", text)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
