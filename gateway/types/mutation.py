"""The root of every mutation: a field a change, each through the verb of the store that makes it."""

from __future__ import annotations

from .artifact_changes import ArtifactChanges
from .automation_changes import AutomationChanges
from .registry_changes import RegistryChanges
from .run_changes import RunChanges


class Mutation(ArtifactChanges, AutomationChanges, RegistryChanges, RunChanges):
    """Everything that a client may change."""

    typename = "Mutation"
