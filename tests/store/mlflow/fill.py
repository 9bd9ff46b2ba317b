"""Fills a registry through MLflow's own client, and prints what that client answers of it as JSON.

Run by MLflow's interpreter: `fill.py URI FOLDER` makes it; `fill.py URI FOLDER told` only asks.
"""

import json
import math
import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import DatasetInput, InputTag

uri, folder = sys.argv[1], Path(sys.argv[2])
mlflow.set_tracking_uri(uri)
client = MlflowClient(uri)


def weights(name: str) -> str:
    place = folder / name
    (place / "deep").mkdir(parents=True, exist_ok=True)
    (place / "MLmodel").write_text(f"flavors: {name}")
    (place / "deep" / "weights.bin").write_bytes(name.encode() * 100)
    return str(place)


def make() -> None:
    experiment = client.create_experiment("night", artifact_location=str(folder / "artifacts"))
    runs = []
    for number in range(3):
        run = client.create_run(experiment, run_name=f"night {number}", tags={"mlflow.user": "kim", "team": "vision"})
        client.log_param(run.info.run_id, "lr", 0.1 * number)
        client.log_param(run.info.run_id, "데이터", "도로")
        client.log_metric(run.info.run_id, "acc", 0.5 + number / 10, step=1)
        client.log_metric(run.info.run_id, "acc", 0.6 + number / 10, step=2)
        client.log_metric(run.info.run_id, "loss", math.nan if number == 1 else 0.25)
        dataset = MetaDataset(HTTPDatasetSource("https://data.example.com/coco"), name="coco", digest=f"d{number % 2}")
        client.log_inputs(
            run.info.run_id, [DatasetInput(dataset._to_mlflow_entity(), [InputTag("mlflow.data.context", "training")])]
        )
        client.log_artifacts(run.info.run_id, weights(f"run{number}"), "model")
        client.set_terminated(run.info.run_id, "FINISHED" if number else "FAILED")
        runs.append(run.info.run_id)
    client.create_registered_model("detector", {"domain": "roads", "한글": "값"}, "# Detector\n\nFinds **parcels**.")
    for number in range(4):
        run = runs[number % 3]
        source = f"runs:/{run}/model" if number != 3 else weights("loose")
        client.create_model_version(
            "detector",
            source,
            run if number != 3 else None,
            {"robust": "yes", "n": str(number)},
            description=f"try {number}",
        )
    client.set_registered_model_alias("detector", "prod", 2)
    client.set_registered_model_alias("detector", "Prod", 1)
    client.set_registered_model_alias("detector", "3", 4)
    client.transition_model_version_stage("detector", "1", "Production")
    client.transition_model_version_stage("detector", "2", "Staging")
    client.delete_model_version("detector", "3")
    client.create_registered_model("Detector")  # differs in letter case alone
    client.create_model_version("Detector", "s3://nowhere/model", tags={})
    client.create_registered_model("도로 분할기 (v2)")
    client.create_model_version("도로 분할기 (v2)", weights("roads"))
    client.create_registered_model("x" * 200)
    client.create_registered_model("empty", description="nothing yet")
    client.create_registered_model("copied")
    client.copy_model_version("models:/detector/2", "copied")
    client.create_registered_model("before")
    client.create_model_version("before", weights("before"))
    client.create_registered_model("of a renamed one")
    client.copy_model_version("models:/before/1", "of a renamed one")
    client.rename_registered_model("before", "after")
    logged = client.create_logged_model(experiment, name="logged", source_run_id=runs[2])
    client.log_model_artifacts(logged.model_id, weights("logged"))
    client.finalize_logged_model(logged.model_id, "READY")
    client.create_registered_model("from a logged model")
    client.create_model_version("from a logged model", f"models:/{logged.model_id}", runs[2], model_id=logged.model_id)
    mlflow.genai.register_prompt("greeting", "Hello {{name}}, 안녕", commit_message="first")
    mlflow.genai.register_prompt("greeting", "Hi {{name}}", commit_message="shorter")
    client.create_registered_model("gone")
    client.create_model_version("gone", weights("gone"))
    client.delete_registered_model("gone")
    client.delete_run(runs[0])


def told() -> dict:
    """What the client answers."""
    models = {}
    for model in client.search_registered_models(max_results=1000):
        versions = client.search_model_versions(f"name = '{model.name}'", max_results=1000)
        models[model.name] = {
            "description": model.description or "",
            "tags": dict(model.tags),
            "aliases": {alias: int(number) for alias, number in model.aliases.items()},
            "created_at": model.creation_timestamp,
            "versions": {
                int(one.version): {
                    "description": one.description or "",
                    "created_at": one.creation_timestamp,
                    "stage": one.current_stage,
                    "source": one.source,
                    "run_id": one.run_id or None,
                    "status": one.status,
                    "tags": dict(one.tags),
                    "storage": client.get_model_version_download_uri(model.name, one.version),
                }
                for one in versions
            },
        }
    for prompt in mlflow.genai.search_prompts():
        models[prompt.name] = {
            "prompt": True,
            "versions": {n: {"text": mlflow.genai.load_prompt(prompt.name, version=n).template} for n in (1, 2)},
        }
    runs = {}
    for version in {v["run_id"] for m in models.values() for v in m["versions"].values() if v.get("run_id")}:
        run = client.get_run(version)
        runs[version] = {
            "name": run.info.run_name,
            "status": run.info.status,
            "params": dict(run.data.params),
            "metrics": {key: str(value) for key, value in run.data.metrics.items()},
            "datasets": [[one.dataset.name, one.dataset.digest] for one in run.inputs.dataset_inputs],
        }
    return {"models": models, "runs": runs}


if len(sys.argv) == 3:
    make()
print(json.dumps(told()))
