"""The mapping of LangChain's messages, against the rules both clients share and the real langchain-core."""
# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path

import pytest
from langchain_core.messages import message_to_dict, messages_from_dict

from keelson.mapping import from_row, to_row

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors/langchain.json").read_text("utf-8"))


def named(case):
    return case["why"]


def real(stored):
    """A message of langchain-core; its own spelling of JavaScript's generic is chat."""
    kind = {"generic": "chat"}.get(stored["type"], stored["type"])
    return messages_from_dict([{"type": kind, "data": {**stored["data"], "type": kind}}])[0]


def comparable(row):
    row = {k: v for k, v in row.items() if k != "source_format"}
    if row["client_message_id"].startswith("kls-"):
        del row["client_message_id"]
    return row


@pytest.mark.parametrize("case", VECTORS["written"], ids=named)
def test_written(case):
    message = real(case.get("python", case["stored"]))
    assert comparable(to_row(message_to_dict(message))) == case["row"]


@pytest.mark.parametrize("case", VECTORS["written"], ids=named)
def test_read_back(case):
    message = real(case.get("python", case["stored"]))
    again = messages_from_dict([from_row(case["row"])])[0]
    assert again == message
    assert message_to_dict(again) == message_to_dict(message)


@pytest.mark.parametrize("case", VECTORS["refused"], ids=named)
def test_refused(case):
    with pytest.raises(TypeError):
        to_row(case["stored"])


@pytest.mark.parametrize("case", VECTORS["foreign"], ids=named)
def test_written_by_others(case):
    got = from_row(case["row"])
    assert messages_from_dict([got])[0] == real(case["stored"])
