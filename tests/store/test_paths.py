"""Paths: one grammar, every short form that is unambiguous, and words that don't tell what one may not see."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from curatory.store import File, Store
from curatory.store.errors import Ambiguous, CuratoryError, Invalid, NotFound
from curatory.store.paths import parse


@pytest.mark.parametrize(
    ("text", "parts", "alias"),
    [
        ("detector", ("detector",), None),
        ("model/detector", ("model", "detector"), None),
        ("acme/wandb-registry-model/detector:prod", ("acme", "wandb-registry-model", "detector"), "prod"),
        ("model/detector:v3", ("model", "detector"), "v3"),
        ("model/detector:a/b:c", ("model", "detector"), "a/b:c"),  # aliases of old may hold anything
        (" /model/detector/ ", ("model", "detector"), None),
        ("모델/탐지기 2:생산", ("모델", "탐지기 2"), "생산"),
        (unicodedata.normalize("NFD", "모델/é:ü"), ("모델", "é"), "ü"),
        ("a b/c d:e f", ("a b", "c d"), "e f"),
    ],
)
def test_the_grammar(text: str, parts: tuple[str, ...], alias: str | None) -> None:
    parsed = parse(text)
    assert (parsed.parts, parsed.alias) == (parts, alias)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a/b/c/d",
            "^Invalid artifact path: 'a/b/c/d'. A path has at most three parts and an alias: organization/registry/collection:alias$",
        ),
        ("a/b/c/d/e:f", "at most three parts"),
        ("a//b", "A part is empty"),
        ("a/ /b", "A part is empty"),
        ("", "A part is empty"),
        ("///", "A part is empty"),
        (":prod", "A part is empty"),
        ("a/b:", "There is no alias or version after ':'"),
    ],
)
def test_what_is_no_path(text: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        parse(text)


def log(store: Store, name: str = "detector", number: int = 0, **options: Any) -> str:
    made = store.versions.log([File("w", 1, f"{name}{number}", uri=f"s3://b/{name}{number}")], name, "model", **options)
    return made.path


@pytest.fixture
def world(store: Store) -> Store:
    """detector in Models (v0, v1=prod) and in Golden 모델, both from vision; segmenter in Golden 모델 only."""
    for number in range(2):
        store.links.add(log(store, number=number), "model/detector")
    store.aliases.add("model/detector:v1", "prod")
    store.registries.create("Golden 모델")
    store.links.add("vision/uncategorized/detector:v0", "golden 모델/detector")
    store.links.add(log(store, "segmenter"), "golden 모델/segmenter")
    store.runs.start("uncategorized", name="train")
    return store


FULL = "acme/wandb-registry-model/detector"


def test_every_short_form_leads_to_the_same_version(world: Store) -> None:
    expected = world.versions.get(f"{FULL}:v1")
    for text in (
        "model/detector", "model/detector:latest", "model/detector:prod", "Model/detector:v1", "models/detector:v1",
        "MODELS/detector", "acme/model/detector:prod", "ACME/Models/detector", "wandb-registry-model/detector",
        "acme/WANDB-REGISTRY-MODEL/detector:v1", f" {FULL}:prod ", f"/{FULL}/", "model/detector:v01",
    ):  # fmt: skip
        assert world.versions.get(text) == expected, text
        assert world.paths.at(text).version_id == expected.id, text
    for text in (unicodedata.normalize("NFD", "golden 모델/segmenter"), "GOLDEN 모델/segmenter", "segmenter:v0"):
        assert world.versions.get(text).path == "acme/wandb-registry-Golden 모델/segmenter:v0", text


def test_a_bare_name_is_the_registrys_and_several_are_ambiguous(world: Store) -> None:
    assert world.collections.get("segmenter").project_kind == "registry"  # and not its source
    with pytest.raises(Ambiguous) as refused:
        world.versions.get("detector")
    assert str(refused.value).startswith("'detector' could be any of: ")
    for path in ("acme/wandb-registry-Golden 모델/detector", FULL):
        assert path in str(refused.value)
    assert str(refused.value).endswith("Write the longer path.")


def test_collections_and_aliases_count_letter_case_and_registries_do_not(world: Store) -> None:
    assert world.registries.get("gOLDEN 모델").short_name == "Golden 모델"
    with pytest.raises(
        NotFound,
        match=r"artifact collection 'Detector' not found in 'acme/wandb-registry-model'. Did you mean 'detector'",
    ):
        world.versions.get("model/Detector")
    with pytest.raises(
        NotFound, match=r"'detector:Prod' not found in .*Its aliases are prod; its newest version is v1\.$"
    ):
        world.versions.get("model/detector:Prod")


def test_a_project_of_the_same_name_takes_nothing_from_a_registry(world: Store) -> None:
    log(world, "detector", 7, project="model", entity="vision")
    log(world, "own", 8, project="model", entity="vision")
    world.registries.create("models")
    for look in (world.versions.get, world.paths.version):
        assert look("model/detector").path == f"{FULL}:v1"
        assert look("vision/model/own").path == "vision/model/own:v0"
        with pytest.raises(NotFound):
            look("models/detector")  # a registry that is really called so goes before the title
        with pytest.raises(NotFound):
            look("model/own")
    assert world.projects.get("model").kind == "registry"


def test_two_organizations_have_registries_of_the_same_name(world: Store) -> None:
    world.organizations.create("other")
    with pytest.raises(Ambiguous, match="other/wandb-registry-model, acme/wandb-registry-model|acme/.*, other/"):
        world.registries.get("model")
    assert world.registries.get("other/model").entity == "other"
    for look in (world.versions.get, world.paths.version):  # only one of them has it
        assert look("model/detector").path == f"{FULL}:v1"
    world.collections.create("other/model/detector", "model")
    with pytest.raises(Ambiguous):
        world.paths.version("model/detector:prod")


def test_anything_may_be_named(world: Store) -> None:
    for text, kind in [
        ("model", "registry"), ("acme/model", "registry"), ("vision/uncategorized", "project"), ("ana", "user"),
        ("vision", "team"), ("acme", "organization"), ("model/detector", "collection"), ("model/detector:prod", "version"),
        ("uncategorized/train", "run"), ("vision/uncategorized/train", "run"), ("segmenter", "collection"),
    ]:  # fmt: skip
        assert world.paths.resolve(text).kind == kind, text
    world.registries.create("segmenter")  # the nearest meaning of one word is a registry
    world.registries.create("detector")
    assert world.paths.resolve("segmenter").kind == "registry"
    assert world.paths.resolve("detector").kind == "registry"


def test_a_path_of_another_kind_is_refused_with_what_is_expected(world: Store) -> None:
    for look, text, message in [
        (world.projects.get, "model/detector:prod", "a registry's or project's path is expected here"),
        (world.projects.get, "acme/model/detector", "a registry's or project's path is expected here"),
        (world.collections.get, "model/detector:prod", "leave out ':prod' for the collection"),
        (world.registries.get, "vision/uncategorized", "is a source project, not a registry"),
        (world.runs.get, "train", "is not a run's path; it looks like entity/project/run"),
        (world.lineage.graph, "model", "lineage is asked of a version or a run"),
    ]:
        with pytest.raises(Invalid, match=message):
            look(text)


def test_what_comes_close_is_suggested(world: Store) -> None:
    for text, message in [
        ("modle/detector", "There is no registry or project 'modle'. Did you mean 'model'"),
        ("acme/modle/detector", "project 'modle' not found under entity 'acme'. Did you mean 'model'"),
        ("model/detecter", "Did you mean 'detector'"),
        ("nobody/model/detector", "project 'model' not found under entity 'nobody'"),
    ]:  # fmt: skip
        with pytest.raises(NotFound, match=message):
            world.versions.get(text)
    with pytest.raises(NotFound, match="There is nothing called 'xyzzy' here"):
        world.paths.resolve("xyzzy")
    with pytest.raises(NotFound, match="There is no run 'trian' in 'vision/uncategorized'"):
        world.runs.get("uncategorized/trian")


def test_what_one_may_not_see_is_not_found_in_the_same_words(world: Store) -> None:
    world.users.add("ben")
    ben = world.as_actor("ben")
    world.registries.create("secret", visibility="restricted")
    world.links.add("model/detector:v0", "secret/detector", ["hidden"])

    def words(name: str, look: str, text: str) -> str:
        noun, verb = look.split(".")
        with pytest.raises(NotFound) as refused:
            getattr(getattr(ben, noun), verb)(text)
        return str(refused.value).replace(name, "…")

    for look, form in [
        ("registries.get", "{}"), ("registries.get", "acme/{}"), ("registries.get", "acme/wandb-registry-{}"),
        ("collections.get", "{}/detector"), ("versions.get", "{}/detector:hidden"), ("versions.get", "acme/{}/detector"),
        ("versions.get", "acme/wandb-registry-{}/detector:v0"), ("paths.resolve", "{}"), ("paths.resolve", "{}/detector"),
        ("events.of", "{}"), ("events.of", "{}/detector:v0"), ("members.list", "{}"), ("search.collections", "{}"),
        ("search.versions", "{}/detector"), ("tags.used", "{}"), ("lineage.graph", "{}/detector:v0"),
        ("runs.list", "{}"), ("registries.newly_seeing", "{}"),
    ]:  # fmt: skip
        assert words("secret", look, form.format("secret")) == words("zecret", look, form.format("zecret")), (
            look,
            form,
        )

    assert ben.versions.get("golden 모델/detector").number == 0
    assert "secret" not in str(
        [ben.versions.places("golden 모델/detector"), ben.registries.list(), ben.projects.list()]
    )
    with pytest.raises(NotFound) as refused:
        ben.registries.get("secre")  # close to what is hidden
    assert "secret" not in str(refused.value)
    assert ben.versions.get("segmenter").project == "wandb-registry-Golden 모델"


def test_strange_text_is_an_answer_and_not_an_accident(world: Store) -> None:
    for text in ("model/\0", "\x1b[31m", "model/detector:\u202e", "%", "_", "model/%:prod", "' OR 1=1 --", "a" * 10_000,
                 "model/detector:v" + "9" * 30, "model/detector:v" + "9" * 18, "\ud800", "model/detector:v-1", "é/ü:ß"):  # fmt: skip
        with pytest.raises(CuratoryError):
            world.versions.get(text)
