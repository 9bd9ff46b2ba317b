"""What clients of before 0.28 ask about the schema before they use it."""

from __future__ import annotations

from typing import Any

from . import artifacts, automations, collections, people, projects, runs

# The fields of inputs that a client looks for before it sends them.
_INPUTS: dict[str, tuple[str, ...]] = {
    "CreateArtifactInput": (
        "entityName", "projectName", "runName", "artifactTypeName", "artifactCollectionName",
        "artifactCollectionNames", "digest", "digestAlgorithm", "description", "labels", "aliases", "metadata",
        "historyStep", "enableDigestDeduplication", "distributedID", "clientID", "sequenceClientID",
        "ttlDurationSeconds", "tags",
    ),
    "UseArtifactInput": (
        "artifactID", "entityName", "projectName", "runName", "usedAs", "artifactEntityName", "artifactProjectName",
    ),
    "LinkArtifactInput": (
        "artifactID", "artifactPortfolioName", "artifactPortfolioID", "entityName", "projectName", "aliases",
        "clientID",
    ),
    "UpdateArtifactInput": (
        "artifactID", "description", "metadata", "labels", "aliases", "ttlDurationSeconds", "tagsToAdd",
        "tagsToDelete",
    ),
    "UpsertModelInput": (
        "id", "name", "entityName", "description", "access", "artifactTypes", "allowAllArtifactTypesInRegistry",
    ),
    "UpsertBucketInput": (
        "id", "name", "groupName", "modelName", "entityName", "description", "displayName", "notes", "config", "commit",
        "host", "debug", "jobProgram", "jobRepo", "jobType", "state", "sweep", "tags", "summaryMetrics",
    ),
    "CreateArtifactFileSpecInput": (
        "artifactID", "name", "md5", "mimetype", "artifactManifestID", "uploadPartsInput",
    ),
    "AddAliasesInput": ("artifactID", "aliases"),
    "DeleteAliasesInput": ("artifactID", "aliases"),
    "ArtifactCollectionAliasInput": ("entityName", "projectName", "artifactCollectionName", "alias"),
    "ArtifactAliasInput": ("artifactCollectionName", "alias"),
    "TagInput": ("tagName", "tagCategoryName", "attributes"),
    "CreateFilterTriggerInput": (
        "name", "description", "enabled", "scopeType", "scopeID", "triggeringEventType", "eventFilter",
        "triggeredActionType", "triggeredActionConfig",
    ),
    "UpdateFilterTriggerInput": (
        "id", "name", "description", "enabled", "scopeType", "scopeID", "triggeringEventType", "eventFilter",
        "triggeredActionType", "triggeredActionConfig",
    ),
    "DeleteArtifactInput": ("artifactID", "deleteAliases"),
    "CreateRunFilesInput": ("entityName", "projectName", "runName", "files"),
}  # fmt: skip


def type_(name: str) -> dict[str, Any] | None:
    """`__type(name:)`: the fields of a type or an input; null for what there is not."""
    if name in _INPUTS:
        return _type(name, [], list(_INPUTS[name]))
    found = _types().get(name)
    return None if found is None else _type(name, found, [])


def _types() -> dict[str, list[str]]:
    from .mutation import Mutation
    from .query import Query

    known = {
        "Query": Query.fields(),
        "Mutation": Mutation.fields(),
        "Entity": people.Entity.fields(),
        "User": people.User.fields(),
        "Organization": people.Organization.fields(),
        "Project": projects.Project.fields(),
        "ArtifactType": projects.ArtifactType.fields(),
        "Artifact": artifacts.Artifact.fields(),
        "ArtifactManifest": artifacts.Manifest.fields(),
        "ArtifactCollectionMembership": artifacts.Membership.fields(),
        "ArtifactSequence": collections.ArtifactSequence.fields(),
        "ArtifactPortfolio": collections.ArtifactPortfolio.fields(),
        "ArtifactCollection": collections.ArtifactSequence.fields(),
        "Run": runs.Run.fields(),
        "Trigger": automations.Trigger.fields(),
        "File": artifacts.File.fields(),
    }
    known["ServerSettings"] = []  # none of them; `wandb sync` fails where the type itself is not there
    known["ServerInfo"] = ["cliVersionInfo", "features", "latestLocalVersionInfo"]
    return known


def _type(name: str, fields: list[str], inputs: list[str]) -> dict[str, Any]:
    named = {"__typename": "__Field", "args": [], "type": None, "isDeprecated": False}
    return {
        "__typename": "__Type",
        "name": name,
        "kind": "INPUT_OBJECT" if inputs else "OBJECT",
        "fields": [named | {"name": one} for one in fields],
        "inputFields": [{"__typename": "__InputValue", "name": one, "type": None} for one in inputs],
    }
