"""50 people click through the pages of a store with 1,000 patients in the house: server time and weight of each page.

    python benchmarks/pages.py [--patients 1000] [--people 50] [--seconds 60] [--keep DATABASE] [--json FILE]

The stays under way of the example feed are told again under new ids until there are as many as asked for; the store is
made as `discharge demo` makes it. Then the server runs as users run it, a process a core, and each person signs in and
goes from page to page as their role does, with two to five seconds between clicks. Server time is what the answer's
`Server-Timing` header says: from the first byte of the request to the first of the answer.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson

ROOT = Path(__file__).resolve().parent.parent
AS_OF = "2026-06-15T07:00"
PASSWORD = "correct horse battery"
LIMIT_MS, LIMIT_BYTES = 200, 300_000
RECENT = "2026-05-25"
WHOLE = ("Organization", "Practitioner", "Location")


def multiplied(target: Path, patients: int) -> Path:
    """Write a feed with as many stays in the house: those of the example feed, told again under new ids."""
    source = ROOT / "examples" / "feed"
    inside = sorted(_in_house(source))
    times, rest = divmod(patients, len(inside))
    for file in sorted(source.glob("*.ndjson.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            told = list(lines)
        with gzip.open(target / file.name, "wt", encoding="utf-8", compresslevel=1) as out:
            if file.name.partition(".")[0] in WHOLE:
                out.writelines(told)
                continue
            owners = [_owner(orjson.loads(line)) for line in told]
            for turn in range(times + 1):
                wanted = set(inside if turn < times else inside[:rest])
                mark = f"{turn:02x}"
                for line, owner in zip(told, owners, strict=True):
                    if owner in wanted:
                        out.write(line if turn == 0 else _renamed(line, mark))
    return target


def _renamed(line: str, mark: str) -> str:
    """Give every id of a resource, and every reference to one that belongs to the patient, a mark of its own."""
    return orjson.dumps(_walked(orjson.loads(line), mark)).decode() + "\n"


def _walked(value: Any, mark: str) -> Any:
    if isinstance(value, dict):
        named = {name: _walked(one, mark) for name, one in value.items()}
        if "reference" in named and str(named["reference"]).partition("/")[0] not in WHOLE:
            named["reference"] = f"{named['reference']}{mark}"
        if "resourceType" in named:
            named["id"] = f"{named['id']}{mark}"
            for one in named.get("identifier", []):
                one["value"] = f"{one['value']}{mark}"
        return named
    if isinstance(value, list):
        return [_walked(one, mark) for one in value]
    return value


def _owner(resource_: dict[str, Any]) -> str | None:
    """Return the patient whom a resource is about; None also for measurements of long ago, which no page shows."""
    if resource_["resourceType"] == "Observation" and resource_.get("effectiveDateTime", RECENT) < RECENT:
        return None
    if resource_["resourceType"] == "Patient":
        return str(resource_["id"])
    for name in ("subject", "beneficiary", "patient"):
        if name in resource_:
            return str(resource_[name]["reference"]).removeprefix("Patient/")
    return None


def _in_house(source: Path) -> Iterator[str]:
    with gzip.open(source / "Encounter.ndjson.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            one = orjson.loads(line)
            if one["class"]["code"] == "IMP" and "end" not in one["period"]:
                yield one["subject"]["reference"].removeprefix("Patient/")


# --- the people -------------------------------------------------------------------------------------------------

CASE_TABS = (
    "",
    "/criteria",
    "/denials",
    "/plan",
    "/trends",
    "/payer",
    "/work",
    "/papers",
    "/ledger",
    "/referrals",
)
SHARES = (
    ("case_manager", 30),
    ("case_manager_2", 10),
    ("physician_advisor", 4),
    ("supervisor", 4),
    ("payer", 2),
)
"""How 50 people divide into roles; other numbers in the same proportion."""
_HREF = re.compile(r'href="(/[^"#]*)')
_CASE = re.compile(r"^/cases/([0-9a-f]{32})$")


class Tally:
    """Server times and sizes by page."""

    def __init__(self) -> None:
        self.ms: dict[str, list[float]] = defaultdict(list)
        self.wall: dict[str, list[float]] = defaultdict(list)
        self.size: dict[str, int] = defaultdict(int)
        self.faults: list[str] = []

    def add(self, answer: httpx.Response, wall: float) -> None:
        """Count an answer under its address with the ids taken out."""
        name = re.sub(r"[0-9a-f]{12,64}(-\d+)?", "{id}", answer.request.url.path)
        told = re.search(r"dur=([0-9.]+)", answer.headers.get("server-timing", ""))
        self.ms[name].append(float(told[1]) if told else wall)
        self.wall[name].append(wall)
        self.size[name] = max(self.size[name], len(answer.content))
        if answer.status_code >= 400:
            self.faults.append(f"{answer.status_code} {name}")


class Person:
    """Somebody who clicks."""

    def __init__(self, url: str, login: str, seed: int, tally: Tally) -> None:
        self.client = httpx.AsyncClient(base_url=url, follow_redirects=True, timeout=60)
        self.login, self.draw, self.tally = login, random.Random(seed), tally

    async def signs_in(self) -> None:
        """Sign in, before the time is taken: a password is slow to check on purpose."""
        answer = await self.client.get("/sign-in")
        data = {"login": self.login, "password": PASSWORD}
        data |= dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', answer.text))
        await self.client.post("/sign-in", data=data)

    async def works(self, until: float) -> None:
        """Click until the time is over; whoever comes, comes within the first five seconds."""
        await asyncio.sleep(self.draw.uniform(0, 5))
        while time.monotonic() < until:
            for path in await self.round():
                if time.monotonic() >= until:
                    return
                await self.thinks()
                await self.opens(path)

    async def thinks(self) -> None:
        """Read for two to five seconds."""
        await asyncio.sleep(self.draw.uniform(2, 5))

    async def opens(self, path: str) -> str:
        """Open a page and return its HTML."""
        began = time.monotonic()
        try:
            answer = await self.client.get(path, headers={"Accept": "text/html"})
        except (
            httpx.ReadError,
            httpx.RemoteProtocolError,
        ):  # an idle connection was just closed; browsers ask again
            answer = await self.client.get(path, headers={"Accept": "text/html"})
        self.tally.add(answer, (time.monotonic() - began) * 1000)
        return answer.text

    async def round(self) -> list[str]:
        """Open the first page of the role and return where it goes from there."""
        if self.login.startswith("case_manager"):
            cases = self.links(await self.opens("/worklist"), _CASE)
            some = self.draw.sample(cases, min(3, len(cases)))
            return [f"{one}{tab}" for one in some for tab in ("", *self.draw.sample(CASE_TABS[1:], 2))]
        if self.login == "physician_advisor":
            found = self.links(await self.opens("/advisor"), re.compile(r"^/advisor/|^/cases/[0-9a-f]{32}$"))
            return self.draw.sample(found, min(3, len(found)))
        if self.login == "payer":
            found = self.links(await self.opens("/payer"), re.compile(r"^/payer/[^/]+$"))
            return self.draw.sample(found, min(3, len(found)))
        await self.opens("/board")
        return ["/assign", "/worklist"]

    @staticmethod
    def links(html: str, wanted: re.Pattern[str]) -> list[str]:
        """Return the addresses of a page that match."""
        return [one for one in dict.fromkeys(_HREF.findall(html)) if wanted.search(one)]


async def clicked(url: str, people: int, seconds: float) -> Tally:
    """Let people click and return what it took."""
    tally = Tally()
    logins = [login for login, share in SHARES for _ in range(round(share * people / 50))]
    persons = [Person(url, login, seed, tally) for seed, login in enumerate(logins)]
    first: dict[str, Person] = {}
    for one in persons:  # people of one role share an account: an address may try only so often in a minute
        if one.login not in first:
            await one.signs_in()
        one.client.cookies.update(first.setdefault(one.login, one).client.cookies)
    until = time.monotonic() + seconds
    try:
        await asyncio.gather(*(one.works(until) for one in persons))
    finally:
        await asyncio.gather(*(one.client.aclose() for one in persons))
    return tally


async def weighed(url: str) -> dict[str, int]:
    """Return the bytes of the worklist and of a case with all styles and scripts, as a browser first loads them."""
    person = Person(url, "case_manager", 0, Tally())
    found = {}
    async with person.client:
        await person.signs_in()
        html = await person.opens("/worklist")
        pages = {"worklist": "/worklist", "case": next(iter(person.links(html, _CASE)), "/worklist")}
        for name, path in pages.items():
            html = await person.opens(path)
            assets = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', html))
            sizes = [len((await person.client.get(one)).content) for one in assets]
            found[name] = len(html.encode()) + sum(sizes)
    return found


# --- the server -------------------------------------------------------------------------------------------------


def made(database: Path, patients: int) -> float:
    """Make the store of a hospital of this size; return the seconds it took."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="discharge-") as folder:
        feed = multiplied(Path(folder), patients)
        with served(database, feed):
            pass
    return time.monotonic() - began


class served:
    """A server of the demonstration in a process of its own, for the length of a block; gives its address."""

    def __init__(self, database: Path, feed: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "discharge",
            "demo",
            str(feed),
            "--as-of",
            AS_OF,
            "--password",
            PASSWORD,
        ]
        self.command = [*command, "--database", str(database), "--port", str(self.port)]

    def __enter__(self) -> str:
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        url = f"http://127.0.0.1:{self.port}"
        while self.process.poll() is None:
            try:
                if httpx.get(f"{url}/v1/health", timeout=900).status_code == 200:
                    return url
            except httpx.TransportError:
                time.sleep(0.2)
        raise SystemExit("the server did not start")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--patients", type=int, default=1000)
    options.add_argument("--people", type=int, default=50)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--keep", type=Path, help="where the store is kept, and used again")
    options.add_argument("--json", type=Path)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="discharge-") as folder:
        database = asked.keep or Path(folder) / "pages.db"
        if not database.exists():
            print(
                f"store of {asked.patients} patients made in {made(database, asked.patients):.0f} s",
                flush=True,
            )
        with served(database, ROOT / "examples" / "feed") as url:
            weights = asyncio.run(weighed(url))
            tally = asyncio.run(clicked(url, asked.people, asked.seconds))
    told = report(tally, weights)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(told, indent=2) + "\n")
    print(f"peak memory of this process's children: {_children_mb():.0f} MB")


def report(tally: Tally, weights: dict[str, int]) -> dict[str, Any]:
    """Print and return p50 and p95 of every page, with its weight."""
    print(f"{'page':44} {'asked':>6} {'p50 ms':>8} {'p95 ms':>8} {'wall p95':>9} {'HTML kB':>8}")
    told: dict[str, Any] = {}
    for name in sorted(tally.ms, key=lambda one: -_share(tally.ms[one], 0.95)):
        times = tally.ms[name]
        p50, p95, wall = _share(times, 0.5), _share(times, 0.95), _share(tally.wall[name], 0.95)
        told[name] = {"asked": len(times), "p50_ms": p50, "p95_ms": p95, "bytes": tally.size[name]}
        over = " over" if p95 > LIMIT_MS else ""
        print(
            f"{name:44} {len(times):6} {p50:8.1f} {p95:8.1f} {wall:9.1f} {tally.size[name] / 1000:8.1f}{over}"
        )
    for name, size in weights.items():
        print(
            f"first load of the {name}: {size / 1000:.0f} kB with styles and scripts"
            + " over" * (size > LIMIT_BYTES)
        )
    if tally.faults:
        print(f"{len(tally.faults)} refused: {', '.join(sorted(set(tally.faults)))}")
    return {"pages": told, "first_load_bytes": weights, "refused": len(tally.faults)}


def _share(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _children_mb() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


if __name__ == "__main__":
    main()
