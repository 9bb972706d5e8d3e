"""A Keelson for the tests: the one KEELSON_URL and KEELSON_KEY name, or one of our own from the built program."""
# SPDX-License-Identifier: Apache-2.0
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "clients/python/src"))


@pytest.fixture(scope="session")
def server():
    """(base_url, api_key)"""
    if "KEELSON_URL" in os.environ:
        yield os.environ["KEELSON_URL"], os.environ.get("KEELSON_KEY")
        return
    sys.path.insert(0, str(ROOT / "tests/integration"))
    from harness import Keelson

    with Keelson() as keelson:
        yield keelson.url, None
