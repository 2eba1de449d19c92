"""Cities of scenarios are found as those of drills are."""

from tests.faults.conftest import a_city, peopled

__all__ = ["a_city", "peopled"]
