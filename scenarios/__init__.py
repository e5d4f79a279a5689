"""Synthetic populations that stand for the published reports; README.md says what is invented."""

from scenarios.generator import generate
from scenarios.manifest import Manifest
from scenarios.report import NAMES

__all__ = ["NAMES", "Manifest", "generate"]
