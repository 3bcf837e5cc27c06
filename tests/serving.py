"""A server that is started again whenever it is killed, within a second: `python serving.py DATABASE RULES`.

It prints its port, then the process id of each server. The parent has everything loaded and forks; its socket stays
open between two servers, so that whoever asks meanwhile waits instead of being refused.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn  # noqa: F401 - with the application below, what `run` would import anew in every fork

import discharge.api.app  # noqa: F401
from discharge.api.settings import ServeSettings
from discharge.casework.library import load_library
from discharge.cli.serve import run
from discharge.resources import data_folder

ZONE = "America/New_York"


def main(database: str, rules: Path) -> None:
    payers = data_folder("payer_profiles")
    library = load_library(rules=rules, payers=payers, zone=ZONE)
    settings = ServeSettings(zone=ZONE, rules=rules, payers=payers, database=database, refresh_seconds=None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            child = os.fork()
            if child == 0:
                sys.stdout = sys.stderr
                run(settings, listening, library, warms=False)
                os._exit(0)
            print(child, flush=True)
            _, status = os.waitpid(child, 0)
            if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
                return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
