"""Synthetic populations that stand for the published reports; README.md says what is invented."""

from scenarios.generator import generate
from scenarios.manifest import Manifest
from scenarios.report import NAMES, business_date

__all__ = ["NAMES", "Manifest", "business_date", "generate"]
