"""Modules under their former names: importing one warns, and gives the module that took its place."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Former(MetaPathFinder, Loader):
    """Finds modules by names that no file bears any more."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname in self.names else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        current = self.names[spec.name]
        message = f"{spec.name} is now {current}; the old name goes with the next release"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        module = importlib.import_module(current)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # the import system has put the old name's in its place


def forward(names: Mapping[str, str]) -> None:
    """Let modules be imported by `names`, old -> current, with a DeprecationWarning."""
    sys.meta_path.append(_Former(names))
