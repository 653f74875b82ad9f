"""Envelope, cipher and event under atheris, which looks for code that no input has reached yet."""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.attack.corpora.entities import list_documents
from tests.deployment import ROOT
from tests.trials.trial import Trial, new_folder
from tests.trials.verdicts import Verdict
from tests.trials.writing import Log
from tests.wecom.lots import draw, frame

SEEDS, LONGEST = 60, 4096
DONE = re.compile(r"Done (\d+) runs in (\d+) second")
COVERED = re.compile(r"cov: (\d+) ft: (\d+)")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument(
        "--python", default=sys.executable, help="the one that has atheris, if this has none"
    )


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with new_folder() as folder:
        said = _fuzz(asked, folder)
        findings = [file.name for file in folder.glob("finding-*")]
    done = DONE.search(said)
    if done is None:
        log.say("it did not run to its end", why=" ".join(said.split()[-60:]))
    covered = COVERED.findall(said)
    log.say("covered", edges=covered[-1][0] if covered else 0, findings=findings)
    return [
        Verdict("executions", int(done[1]) if done else 0, None),
        Verdict("runs that did not end by themselves", int(done is None)),
        Verdict("findings", len(findings)),
    ]


def _fuzz(asked: argparse.Namespace, folder: Path) -> str:
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(_seeds(asked.seed)):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={asked.seconds}", f"-seed={asked.seed}", f"-max_len={LONGEST}"]
    options += [
        f"-artifact_prefix={folder}/finding-",
        "-timeout=5",
        "-rss_limit_mb=1024",
        "-reload=0",
    ]
    command = [asked.python, "-m", "tests.attack.parser", *options, str(corpus)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def _seeds(seed: int) -> Iterator[bytes]:
    """Yield what it begins with: bodies, events and what a cipher holds, as `feed` takes them."""
    yield from (b"\0" + draw(seed, number).body for number in range(SEEDS))
    values = {"url": "http://127.0.0.1:9/x", "file": "/nowhere"}
    for document in list_documents("UserID", "zhaoyi", **values).values():
        if len(document) < LONGEST:
            yield b"\1" + frame(document)
            yield b"\2" + document


TRIAL = Trial("the parser at the door, led by what it covers", _add_options, _run)
