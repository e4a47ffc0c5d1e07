"""What stands between `<!-- begin: NAME -->` and `<!-- end -->` on a page is made, not written."""

from __future__ import annotations

import re
from collections.abc import Mapping

BLOCK = re.compile(r"(<!-- begin: (.+?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def filled(page: str, made: Mapping[str, str]) -> str:
    """Return the page with every block replaced by what was made for it; a block nothing was made for raises."""
    return BLOCK.sub(lambda block: f"{block[1]}{made[block[2]]}{block[4]}", page)


def read(page: str) -> dict[str, str]:
    """Return what stands in each block of a page, by its name."""
    return {name: text for _, name, text, _ in BLOCK.findall(page)}
