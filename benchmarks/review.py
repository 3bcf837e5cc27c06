"""Whole reviews per second through the command line, peak memory, and the time of one `evaluate` in a warm process.

    python benchmarks/review.py --json out/review.json
    python benchmarks/review.py --feed examples/feed --as-of 2026-06-15T07:00 --feed FOLDER --as-of 2026-01-02T00:00

Every feed is reviewed without documents and with all of them. Seconds are those of the whole command: start of Python,
reading, reviewing, writing. `peak_rss_mb` is the largest sum of resident memory of the command and its workers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

HERE = Path(__file__).resolve().parent
EXAMPLE = (HERE.parent / "examples" / "feed", "2026-06-15T07:00")
DOCUMENTS = ("", "html,pdf")
SAMPLED_EVERY_S = 0.05
KILOBYTES_A_PAGE = os.sysconf("SC_PAGE_SIZE") / 1024
AIM_EVALUATE_MS = 50.0


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it (Linux; elsewhere the process alone)."""
    found, place = [pid], 0
    while place < len(found):
        try:
            for task in Path(f"/proc/{found[place]}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            pass  # it ended while we looked
        place += 1
    return found


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, 0 once it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * KILOBYTES_A_PAGE / 1024
    except (OSError, IndexError):
        return 0.0


def watched(command: list[str]) -> tuple[float, float, subprocess.CompletedProcess[str]]:
    """Run a command; return its seconds, the peak of its family's memory in MB, and what it printed."""
    peak, ended = [0.0], Event()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err)

        def sample() -> None:
            while not ended.wait(SAMPLED_EVERY_S):
                peak[0] = max(peak[0], sum(map(resident_mb, family(process.pid))))

        sampler = Thread(target=sample)
        sampler.start()
        code = process.wait()
        seconds = time.perf_counter() - began
        ended.set()
        sampler.join()
        out.seek(0)
        err.seek(0)
        return seconds, peak[0], subprocess.CompletedProcess(command, code, out.read(), err.read())


def review(feed: Path, as_of: str, documents: str, workers: int, repeat: int) -> dict[str, Any]:
    """Review a feed ``repeat`` times and return its entry; the rate is that of the median time."""
    name = f"{feed.name}, {'no documents' if not documents else documents.replace(',', ' and ')}, workers {workers}"
    all_seconds, peak, account = [], 0.0, {}
    for _ in range(repeat):
        with tempfile.TemporaryDirectory(prefix="review ") as folder:
            out = Path(folder) / "out"
            command = [
                sys.executable,
                "-m",
                "discharge",
                "review",
                str(feed),
                "--as-of",
                as_of,
                "--out",
                str(out),
            ]
            command += ["--workers", str(workers), "--documents", documents]
            seconds, memory, done = watched(command)
            if done.returncode != 0:
                last = (done.stderr.strip().splitlines() or ["no message"])[-1]
                blank = dict.fromkeys(("per_second", "wrong", "lost", "peak_rss_mb"))
                return {
                    "name": name,
                    **blank,
                    "status": f"failed with exit code {done.returncode}: {last[:300]}",
                }
            account = json.loads((out / "run.json").read_text("utf-8"))
            lines = sum(1 for _ in (out / "reviews.ndjson").open("rb"))
            files = [path for path in out.rglob("*") if path.is_file()]
            written = {
                "reviews_written": lines,
                "documents_written": sum(1 for path in files if path.suffix in (".html", ".pdf")),
                "megabytes_written": round(sum(path.stat().st_size for path in files) / 1e6, 1),
            }
        all_seconds.append(seconds)
        peak = max(peak, memory)
    median = statistics.median(all_seconds)
    accounted = sum(account[key] for key in ("reviewed", "rejected", "not_yet_known", "not_in_house"))
    return {
        "name": name,
        "per_second": round(account["reviewed"] / median, 2),
        "wrong": None,
        "lost": account["encounters_read"] - accounted + account["reviewed"] - written["reviews_written"],
        "peak_rss_mb": round(peak, 1),
        "role": "ours",
        "status": "measured",
        "seconds": [round(one, 3) for one in all_seconds],
        "seconds_of_the_run": account["seconds"],
        "records_read": account["records_read"],
        "records_per_second": round(account["records_read"] / median, 1),
        "encounters_read": account["encounters_read"],
        "reviewed": account["reviewed"],
        "rejected": account["rejected"],
        "as_of": as_of,
        "workers": workers,
        "documents": documents,
        **written,
    }


def evaluate(times: int) -> dict[str, Any]:
    """Return the figures of one question in a warm process, or why there are none."""
    command = [sys.executable, str(HERE / "evaluate.py"), "--times", str(times)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {"status": f"failed: {(done.stderr.strip().splitlines() or ['no message'])[-1][:300]}"}
    return {"status": "measured", **json.loads(done.stdout.strip().splitlines()[-1])}


def table(report: dict[str, Any]) -> str:
    """Return the report as lines to read."""
    lines = [f"{'feed':<44}{'reviews/s':>11}{'lost':>6}{'MB':>7}{'seconds':>9}"]
    for one in report["engines"]:
        if one["per_second"] is None:
            lines.append(f"{one['name']:<44}{one['status']:>11}")
        else:
            seconds = statistics.median(one["seconds"])
            lines.append(
                f"{one['name']:<44}{one['per_second']:>11.2f}{one['lost']:>6}{one['peak_rss_mb']:>7.0f}{seconds:>9.1f}"
            )
    one = report["evaluate"]
    if one["status"] == "measured":
        lines.append(
            f"evaluate, warm: median {one['median_ms']} ms of {one['times']} (aim {AIM_EVALUATE_MS} ms)"
        )
    else:
        lines.append(f"evaluate, warm: {one['status']}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feed", type=Path, action="append", help="a feed; each with its --as-of, in order")
    parser.add_argument("--as-of", action="append", metavar="T", help="the moment of the feed before it")
    parser.add_argument("--workers", type=int, nargs="+", default=[os.cpu_count() or 1], metavar="N")
    parser.add_argument("--documents", nargs="+", default=DOCUMENTS, metavar="KINDS", help="'' for none")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--evaluate-times", type=int, default=50, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    asked = parser.parse_args()
    if len(asked.feed or []) != len(asked.as_of or []):
        parser.error("each --feed needs its own --as-of")
    feeds = list(zip(asked.feed, asked.as_of, strict=True)) if asked.feed else [EXAMPLE]
    entries = [
        review(feed, as_of, documents, workers, asked.repeat)
        for feed, as_of in feeds
        for documents in asked.documents
        for workers in asked.workers
    ]
    warm = evaluate(asked.evaluate_times)
    report = {
        "benchmark": "review",
        "engines": entries,
        "ratio_to_fastest_peer": None,  # no other engine writes whole reviews
        "evaluate_median_ms": warm.get("median_ms"),
        "evaluate": warm,
        "machine": {
            "cores": os.cpu_count(),
            "load_1min": os.getloadavg()[0],
            "python": sys.version.split()[0],
        },
    }
    if asked.json is not None:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(table(report))
    return 0 if warm["status"] == "measured" and all(one["status"] == "measured" for one in entries) else 1


if __name__ == "__main__":
    sys.exit(main())
