"""What MLflow's own registry store takes for the same work. Run by MLflow's interpreter; prints medians as JSON."""

import json
import statistics
import sys
import time
from pathlib import Path

from mlflow.entities.model_registry import ModelVersionTag
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore


def median(call, repeat):
    call()
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


store = SqlAlchemyStore(f"sqlite:///{Path(sys.argv[1]) / 'mlflow.db'}")
for name in range(10):
    store.create_registered_model(f"model-{name}")
    for version in range(100):
        store.create_model_version(
            f"model-{name}", f"s3://bucket/{name}/{version}", tags=[ModelVersionTag("acc", str(version / 100))]
        )
    store.set_registered_model_alias(f"model-{name}", "prod", 1)
turn = iter(range(10**9))
print(
    json.dumps(
        {
            "alias lookup": median(lambda: store.get_model_version_by_alias("model-3", "prod"), 100),
            "move an alias": median(
                lambda: store.set_registered_model_alias("model-3", "prod", next(turn) % 100 + 1), 100
            ),
            "publish a version": median(
                lambda: store.create_model_version(
                    "model-4", f"s3://b/{next(turn)}", tags=[ModelVersionTag("acc", "0.5")]
                ),
                100,
            ),
            "page of 100 versions": median(
                lambda: store.search_model_versions("name = 'model-3'", max_results=100), 30
            ),
            "filtered page": median(
                lambda: store.search_model_versions("name = 'model-3' and tags.acc = '0.5'", max_results=100), 30
            ),
        }
    )
)
