"""The application, and what becomes of an error: a message on stderr and an exit code, never a traceback."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Annotated

import typer

from discharge import __version__
from discharge.cli import (
    ask,
    audit,
    clocks,
    demo,
    feed,
    ingest,
    price,
    providers,
    replay,
    review,
    rules,
    score,
    serve,
    store,
    user,
)
from discharge.errors import DischargeError, OutputError

INTERRUPTED = 130
TERMINATED = 143
DEFECT = 1
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

app = typer.Typer(
    name="discharge",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
review.register(app)
ingest.register(app)
replay.register(app)
ask.register(app)
clocks.register(app)
score.register(app)
price.register(app)
serve.register(app)
demo.register(app)
app.add_typer(rules.app, name="rules")
app.add_typer(feed.app, name="feed")
app.add_typer(providers.app, name="providers")
app.add_typer(ask.schema_app, name="schema")
app.add_typer(audit.app, name="audit")
app.add_typer(store.app, name="store")
app.add_typer(user.app, name="user")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"discharge {__version__}")
        raise typer.Exit


@app.callback()
def discharge(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave."),
    ] = False,
) -> None:
    """Medical necessity, denial risk and discharge plans for hospital stays, from dated and cited rules.

    Reads a hospital's feed (FHIR R4, CSV, Parquet, Excel), reviews every inpatient as of a moment, and writes
    today's worklist, a review, a drafted discharge plan and a payer summary for each. It gives advice to people:
    it never denies, never sends anything, and keeps "not known" apart from "no".

    \b
    First steps:
      discharge review FEED --as-of 2026-06-15T07:00 --out out     review a feed
      discharge explain ENCOUNTER --run out                        why a stay got its review
      discharge facts --search oxygen                              what the rules can ask
      discharge clocks MOON --from 2026-03-10T08:15                when a notice is due
      discharge score                                              scores, and what they come to
      discharge price                                              what Medicare pays, step by step
      discharge providers list --kind snf --near 02155             who may take a patient
      discharge rules test                                         run the cases beside the rules
      discharge ingest FEED                                        keep a feed and review what changed
      discharge replay ENCOUNTER --at 2026-06-15T07:00             a past review, run again
      discharge serve                                              case work over HTTP, for programs
      discharge audit verify                                       prove that the ledger is whole
      discharge store backup FILE                                  back up, restore, migrate the store
      discharge user add LOGIN --name NAME --role case_manager     accounts, links and tokens

    \b
    Exit codes:
      0 done                       6 a payer profile is malformed
      1 a defect of ours           7 results can't be written
      2 wrong option or argument   8 the rules engine failed
      3 feed can't be opened       9 a case beside a rule does not hold
      4 nothing to review         10 `feed check` found records it would reject
      5 a rule is malformed       11 a fact's name or value is wrong
     12 store can't be used       16 not allowed in this state
     13 ledger is broken          17 not signed in
     14 no such case or event     18 signed in, but may not
     15 somebody else was first  130 interrupted
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code (see :mod:`discharge.errors`)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        signal.signal(signal.SIGTERM, _terminate)
    try:
        outcome = app(args=given, prog_name="discharge", standalone_mode=False)
        sys.stdout.flush()
        if outcome == INTERRUPTED:  # typer answers Ctrl-C with this code and no word
            raise KeyboardInterrupt
    except DischargeError as error:
        return _tell(error.exit_code, error.problem, str(error), given)
    except (KeyboardInterrupt, typer.Abort):
        return _tell(INTERRUPTED, "interrupted", "interrupted; no unfinished file was left behind", given)
    except BrokenPipeError:  # the reader (`| head`) has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in FULL or error.filename is not None:
            return _tell(DEFECT, "internal", _defect(error), given)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains on leaving
        said = (
            "cannot write the answer to standard output: its disk is full. A run folder, if made, is whole."
        )
        return _tell(OutputError.exit_code, OutputError.problem, said, given)
    except Exception as error:  # noqa: BLE001 - the last place where a defect can be told in plain words
        usage = getattr(error, "format_message", None)
        if usage is None:
            return _tell(DEFECT, "internal", _defect(error), given)
        code = int(getattr(error, "exit_code", 2))
        if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help itself
            sys.stderr.write(f"{usage()}\n")
            return code
        said = usage().rstrip().rstrip(".")
        return _tell(code, "usage", f"{said}. `--help` shows what there is.", given)
    return outcome if isinstance(outcome, int) else 0


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)


def _defect(error: BaseException) -> str:
    """Name the kind and place of a defect. Its message may quote the chart, so it is not shown."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "discharge" in frame.filename]
    inside = frames[-1] if frames else None
    name = inside.filename.rpartition("discharge" + os.sep)[2] if inside else "?"
    place = f"discharge/{name}:{inside.lineno} in {inside.name}" if inside else "outside our code"
    return (
        f"this is our fault: {type(error).__name__} at {place}. Nothing was written over."
        " Please report this line; it holds no patient data."
    )


def _tell(code: int, problem: str, message: str, given: Sequence[str]) -> int:
    if "--json" in given:
        sys.stderr.write(
            json.dumps({"event": "error", "problem": problem, "exit_code": code, "message": message}) + "\n"
        )
    else:
        sys.stderr.write(f"discharge: {message}\n")
    return code
