"""Runs one engine once, in this process: `worker.py ENGINE JOB.json`. Prints one line of JSON.

What is timed is the same for every engine: from its first admission to its last answer, with the input already in the
form that the engine takes and the answers left in the form that it gives. Loading rules, reading and converting
input, a warm-up on the first admissions, and converting answers for the comparison all lie outside.
"""

from __future__ import annotations

import gc
import importlib
import json
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path

from trees import read_tree

# name -> (module, the distribution whose version is reported; None: the engine says it)
ENGINES = {
    "discharge": ("discharge_core", None),
    "durable_rules": ("durable_direct", "durable-rules"),
    "clipspy": ("clips_direct", "clipspy"),
    "zen-engine": ("zen_direct", "zen-engine"),
    "rule-engine": ("rule_engine_direct", "rule-engine"),
    "plain-python": ("plain", None),
}
WARM_UP = 500
LOST = 3


def main(name: str, job_file: Path) -> None:
    """Run the engine ``name`` on the job; its answers go to the job's ``answers`` file, a byte each."""
    job = json.loads(job_file.read_text("utf-8"))
    module, distribution = ENGINES[name]
    rules = {rule: read_tree(raw) for rule, raw in job["rules"].items()}
    engine = importlib.import_module(module).Engine(rules, job["two_valued"])
    with Path(job["admissions"]).open("rb") as file:
        admissions = [json.loads(line) for _, line in zip(range(job["rows"]), file, strict=False)]
    engine.decide(engine.load(admissions[:WARM_UP]))
    loaded = engine.load(admissions)
    del admissions
    gc.collect()
    gc.freeze()  # for every engine: the collector need not look through the admissions again and again
    began, cpu_began = time.perf_counter(), time.process_time()
    decided = engine.decide(loaded)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Path(job["answers"]).open("wb") as out:
        for row in engine.answers(decided):
            out.write(bytes(row))
    figures = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_rss_mb": round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1),
        "version": version(distribution) if distribution else engine.version,
    }
    figures |= engine.aside(loaded) if hasattr(engine, "aside") else {}
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
