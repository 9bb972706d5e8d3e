"""A checkpointer for LangGraph.  The serializer LangGraph brings makes values into bytes, and Keelson keeps them as they are.

Several runs on one thread cannot lose each other's turns: a checkpoint must follow the newest one of its thread and namespace, or
put() raises StaleCheckpointError, nothing is stored, and the run can be begun again.  To branch off an older checkpoint on purpose,
name it: what a run or update_state() was addressed to by its checkpoint_id may be followed once more.
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math
import random
import threading
from base64 import b64decode, b64encode
from collections import OrderedDict
from typing import Any, AsyncIterator, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver, ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple, get_serializable_checkpoint_metadata)
from langgraph.checkpoint.serde.types import TASKS

from .aio import AsyncClient
from .client import Client
from .errors import KeelsonError

PATH = "/v1/checkpoints"
PAGE = 50
MOST_AT_ONCE = 1000
EMPTY_REMEMBERED = 50_000
WITH_PENDING_SENDS = 4      # checkpoints of an older version have them among their parent's writes


class StaleCheckpointError(KeelsonError):
    """The thread has moved on since this run read it: begin the run again."""

    def __init__(self, error: KeelsonError) -> None:
        super().__init__(f"{error}; run the turn again", code=error.code, status=error.status, problem=error.problem, retryable=True,
                         request_id=error.request_id)
        self.newest_checkpoint_id: Optional[str] = self.problem.get("newest_checkpoint_id")


class _Branch(str):
    """The identifier of a checkpoint that is not the newest: equal to its text, and known again when it comes back as a parent."""


class KeelsonSaver(BaseCheckpointSaver[str]):
    """Blocking and awaited; threads may share one, and savers may share a client."""

    def __init__(self, base_url: str = "http://127.0.0.1:8080", api_key: Optional[str] = None, *, client: Optional[Client] = None,
                 serde: Any = None) -> None:
        super().__init__(serde=serde)
        self.client = client or Client(base_url, api_key)
        self._async_client: Optional[AsyncClient] = None
        self._lock = threading.Lock()
        self._empty: OrderedDict[Tuple[str, str], None] = OrderedDict()     # namespaces that somebody here has read and found empty

    @property
    def _aclient(self) -> AsyncClient:
        with self._lock:
            if self._async_client is None:
                self._async_client = AsyncClient(transport=self.client.transport)
            return self._async_client

    # -- reading

    def get_tuple(self, config: RunnableConfig) -> Optional[CheckpointTuple]:
        query = _key(config)
        row = self._row(query)
        parent = self._row(_parent_key(row)) if row and _is_old(self._checkpoint(row), row) else None
        return self._read(query, row, parent)

    async def aget_tuple(self, config: RunnableConfig) -> Optional[CheckpointTuple]:
        query = _key(config)
        row = await self._arow(query)
        parent = await self._arow(_parent_key(row)) if row and _is_old(self._checkpoint(row), row) else None
        return self._read(query, row, parent)

    def list(self, config: Optional[RunnableConfig], *, filter: Optional[Dict[str, Any]] = None, before: Optional[RunnableConfig] = None,
             limit: Optional[int] = None) -> Iterator[CheckpointTuple]:
        pages = _Pages(config, filter, before, limit)
        while pages.query:
            for row in pages.take(self.client.request("GET", PATH, query=pages.query)):
                parent = self._row(_parent_key(row)) if _is_old(self._checkpoint(row), row) else None
                yield self._tuple(row, parent)

    async def alist(self, config: Optional[RunnableConfig], *, filter: Optional[Dict[str, Any]] = None, before: Optional[RunnableConfig] = None,
                    limit: Optional[int] = None) -> AsyncIterator[CheckpointTuple]:
        pages = _Pages(config, filter, before, limit)
        while pages.query:
            for row in pages.take(await self._aclient.request("GET", PATH, query=pages.query)):
                parent = await self._arow(_parent_key(row)) if _is_old(self._checkpoint(row), row) else None
                yield self._tuple(row, parent)

    # -- writing; all of it may be repeated: what it asks for is the same the second time

    def put(self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, new_versions: ChannelVersions) -> RunnableConfig:
        body = self._put_body(config, checkpoint, metadata, new_versions)
        self._post(PATH, body)
        return _config(body, checkpoint["id"])

    async def aput(self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
                   new_versions: ChannelVersions) -> RunnableConfig:
        body = self._put_body(config, checkpoint, metadata, new_versions)
        await self._apost(PATH, body)
        return _config(body, checkpoint["id"])

    def put_writes(self, config: RunnableConfig, writes: Sequence[Tuple[str, Any]], task_id: str, task_path: str = "") -> None:
        if writes:
            self._post(PATH + "/writes", self._writes_body(config, writes, task_id, task_path))

    async def aput_writes(self, config: RunnableConfig, writes: Sequence[Tuple[str, Any]], task_id: str, task_path: str = "") -> None:
        if writes:
            await self._apost(PATH + "/writes", self._writes_body(config, writes, task_id, task_path))

    def delete_thread(self, thread_id: str) -> None:
        self.client.request("DELETE", PATH, query={"thread_id": thread_id}, safe=True)

    async def adelete_thread(self, thread_id: str) -> None:
        await self._aclient.request("DELETE", PATH, query={"thread_id": thread_id}, safe=True)

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Of each namespace of these threads only the newest checkpoint is kept; strategy "delete": nothing."""
        for part in _parts(thread_ids):
            self._post(PATH + "/prune", {"thread_ids": part, "strategy": strategy})

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        for part in _parts(thread_ids):
            await self._apost(PATH + "/prune", {"thread_ids": part, "strategy": strategy})

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        for part in _parts(run_ids):
            self._post(PATH + "/prune", {"run_ids": part})

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        for part in _parts(run_ids):
            await self._apost(PATH + "/prune", {"run_ids": part})

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Everything under another name, which must not have checkpoints."""
        self.client.request("POST", PATH + "/copy", {"from": source_thread_id, "to": target_thread_id})

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        await self._aclient.request("POST", PATH + "/copy", {"from": source_thread_id, "to": target_thread_id})

    def get_next_version(self, current: Any, channel: None) -> str:
        """A number and something random: two branches of a thread never give one version to two values."""
        number = 0 if current is None else int(str(current).split(".")[0])
        return f"{number + 1:032}.{random.SystemRandom().randrange(10**20):020}"

    # -- requests

    def _row(self, query: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
        try:
            return self.client.request("GET", PATH + "/tuple", query=query)
        except KeelsonError as error:
            return _absent(error)

    async def _arow(self, query: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
        try:
            return await self._aclient.request("GET", PATH + "/tuple", query=query)
        except KeelsonError as error:
            return _absent(error)

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        for last in (False, True):
            try:
                self.client.request("POST", path, body, safe=True)
                return
            except KeelsonError as error:
                _judge(error, last)

    async def _apost(self, path: str, body: Mapping[str, Any]) -> None:
        for last in (False, True):
            try:
                await self._aclient.request("POST", path, body, safe=True)
                return
            except KeelsonError as error:
                _judge(error, last)

    # -- bodies

    def _put_body(self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
                  new_versions: ChannelVersions) -> Dict[str, Any]:
        key = _required(config, "put a checkpoint", "thread_id")
        parent = config["configurable"].get("checkpoint_id") or None
        values = checkpoint.get("channel_values") or {}
        rest = {name: value for name, value in checkpoint.items() if name != "channel_values"}
        known = get_serializable_checkpoint_metadata(config, metadata)
        if isinstance(known.get("parents"), dict):
            known["parents"] = {ns: str(id) for ns, id in known["parents"].items()}
        type_, content = self.serde.dumps_typed(rest)
        metadata_type, metadata_bytes = self.serde.dumps_typed(known)
        return {
            **key, "checkpoint_id": checkpoint["id"], "parent_checkpoint_id": parent, "type": type_, "checkpoint": _b64(content),
            "channel_versions": {**new_versions, **checkpoint["channel_versions"]},
            "channels": {name: self._dump(values[name]) if name in values else {} for name in new_versions},
            "metadata": _filterable(known), "metadata_type": metadata_type, "metadata_bytes": _b64(metadata_bytes),
            "run_id": _text(known.get("run_id")), "expect_newest": self._continues(key, parent),
        }

    def _writes_body(self, config: RunnableConfig, writes: Sequence[Tuple[str, Any]], task_id: str, task_path: str) -> Dict[str, Any]:
        key = _required(config, "put writes", "thread_id", "checkpoint_id")
        return {**key, "task_id": task_id, "task_path": task_path, "writes": [{"channel": channel, **self._dump(v)} for channel, v in writes]}

    def _dump(self, value: Any) -> Dict[str, str]:
        type_, content = self.serde.dumps_typed(value)
        return {"type": type_, "content": _b64(content)}

    def _continues(self, key: Mapping[str, str], parent: Optional[str]) -> bool:
        """Does a checkpoint continue what its writer took for the newest?"""
        if parent:
            return not isinstance(parent, _Branch)
        with self._lock:
            return (key["thread_id"], key["checkpoint_ns"]) in self._empty

    # -- tuples

    def _read(self, query: Mapping[str, Any], row: Optional[Dict[str, Any]], parent: Optional[Dict[str, Any]]) -> Optional[CheckpointTuple]:
        if row:
            return self._tuple(row, parent)
        if not query.get("checkpoint_id"):
            self._saw_empty((query["thread_id"], query["checkpoint_ns"]))
        return None

    def _saw_empty(self, key: Tuple[str, str]) -> None:
        """Who read nothing may put a first checkpoint, which must then still be the first."""
        with self._lock:
            self._empty[key] = None
            if len(self._empty) > EMPTY_REMEMBERED:
                self._empty.popitem(last=False)

    def _load(self, part: Mapping[str, str]) -> Any:
        return self.serde.loads_typed((part["type"], b64decode(part["content"])))

    def _checkpoint(self, row: Mapping[str, Any]) -> Dict[str, Any]:
        return self._load({"type": row["type"], "content": row["checkpoint"]})

    def _tuple(self, row: Mapping[str, Any], parent: Optional[Mapping[str, Any]]) -> CheckpointTuple:
        checkpoint = self._checkpoint(row)
        checkpoint["channel_values"] = {name: self._load(c) for name, c in row["channels"].items() if c["content"] is not None}
        sends = [self._load(w) for w in (parent or {}).get("writes", []) if w["channel"] == TASKS]
        if sends:
            versions = checkpoint["channel_versions"]
            checkpoint["channel_values"][TASKS] = sends
            versions[TASKS] = max(versions.values()) if versions else self.get_next_version(None, None)
        metadata = row["metadata"]
        if row["metadata_bytes"] is not None:
            metadata = self._load({"type": row["metadata_type"], "content": row["metadata_bytes"]})
        before = row["parent_checkpoint_id"]
        return CheckpointTuple(
            config=_config(row, row["checkpoint_id"] if row["newest"] else _Branch(row["checkpoint_id"])),
            checkpoint=checkpoint, metadata=metadata, parent_config=_config(row, _Branch(before)) if before else None,
            pending_writes=[(w["task_id"], w["channel"], self._load(w)) for w in row["writes"]])


class _Pages:
    """The query of the next page of a list; None behind the last."""

    def __init__(self, config: Optional[RunnableConfig], filter: Optional[Mapping[str, Any]], before: Optional[RunnableConfig],
                 limit: Optional[int]) -> None:
        of = (config or {}).get("configurable", {})
        self.left = math.inf if limit is None else limit
        self.query: Optional[Dict[str, Any]] = None if self.left <= 0 else {
            "thread_id": of.get("thread_id") or None, "checkpoint_ns": of.get("checkpoint_ns"), "checkpoint_id": of.get("checkpoint_id") or None,
            "before": before["configurable"].get("checkpoint_id") if before else None,
            "metadata": json.dumps(filter) if filter else None, "limit": int(min(self.left, PAGE))}

    def take(self, page: Mapping[str, Any]) -> List[Dict[str, Any]]:
        self.left -= len(page["items"])
        more = page["next"] is not None and self.left > 0
        self.query = {**(self.query or {}), "cursor": page["next"], "limit": int(min(self.left, PAGE))} if more else None
        return page["items"]


def _absent(error: KeelsonError) -> None:
    if error.code != "not-found":
        raise error


def _judge(error: KeelsonError, last: bool) -> None:
    """A call whose outcome is not known is made once more."""
    if error.code == "stale-checkpoint":
        raise StaleCheckpointError(error) from error
    if last or error.code != "outcome-unknown":
        raise error


def _key(config: RunnableConfig) -> Dict[str, Any]:
    of = config["configurable"]
    return {"thread_id": str(of["thread_id"]), "checkpoint_ns": of.get("checkpoint_ns") or "", "checkpoint_id": of.get("checkpoint_id") or None}


def _parent_key(row: Mapping[str, Any]) -> Dict[str, Any]:
    return {"thread_id": row["thread_id"], "checkpoint_ns": row["checkpoint_ns"], "checkpoint_id": row["parent_checkpoint_id"]}


def _required(config: RunnableConfig, doing: str, *names: str) -> Dict[str, str]:
    of = (config or {}).get("configurable") or {}
    for name in names:
        if not of.get(name):
            raise ValueError(f'Cannot {doing}: "configurable" of the config has no "{name}", as in {{"configurable": {{"{name}": "..."}}}}')
    return {**{name: str(of[name]) for name in names}, "checkpoint_ns": of.get("checkpoint_ns") or ""}


def _config(key: Mapping[str, Any], id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": key["thread_id"], "checkpoint_ns": key["checkpoint_ns"], "checkpoint_id": id}}


def _is_old(checkpoint: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return checkpoint.get("v", 1) < WITH_PENDING_SENDS and row["parent_checkpoint_id"] is not None


def _parts(ids: Sequence[str]) -> Iterator[List[str]]:
    for i in range(0, len(ids), MOST_AT_ONCE):
        yield list(ids[i:i + MOST_AT_ONCE])


def _b64(content: bytes) -> str:
    return b64encode(content).decode("ascii")


def _text(value: Any) -> Optional[str]:
    return None if value is None else str(value)


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


_DROPPED = object()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _DROPPED
    if isinstance(value, str):
        return str(value) if _storable(value) else _DROPPED
    if isinstance(value, (list, tuple)):
        items = [_plain(item) for item in value]
        return _DROPPED if any(item is _DROPPED for item in items) else items
    return _filterable(value) if isinstance(value, dict) else _DROPPED


def _filterable(value: Mapping[Any, Any]) -> Dict[str, Any]:
    """What of the metadata can be filtered by: JSON without what no database can hold.  The whole is kept beside it."""
    plain = {name: _plain(v) for name, v in value.items() if isinstance(name, str) and _storable(name)}
    return {name: v for name, v in plain.items() if v is not _DROPPED}
