"""Fixtures of the integration tests; harness.py is what they are made of.

    server    one running program for all tests of a worker: use new organizations or names of your own, do not stop it
    keelson   makes private ones: k = keelson("--pool-size", "1"); started, and closed at the test's end
    cli       runs a command: cli("version").stdout
"""
# SPDX-License-Identifier: Apache-2.0

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import harness  # noqa: E402

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(harness.ROOT / "build-asan" / "hypothesis"))
import hypothesis  # noqa: E402

LONG = bool(os.environ.get("KEELSON_LONG"))
hypothesis.settings.register_profile("short", max_examples=50, deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("long", max_examples=2000, deadline=None)
hypothesis.settings.load_profile("long" if LONG else "short")


@pytest.fixture(scope="session")
def shared_server():
    with harness.Keelson() as k:
        yield k


@pytest.fixture
def server(shared_server):
    yield shared_server
    assert shared_server.running(), f"the shared server ended\n{shared_server.tail()}"
    shared_server.check_sanitizers()


@pytest.fixture
def keelson():
    made = []

    def make(*args, start=True, **options):
        k = harness.Keelson(*args, **options)
        made.append(k)
        return k.start() if start else k

    yield make
    complaints = []
    for k in reversed(made):
        try:
            k.close()
        except AssertionError as complaint:
            complaints.append(str(complaint))
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def cli():
    return harness.run
