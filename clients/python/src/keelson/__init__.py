"""Client for Keelson: `Client` blocks, `AsyncClient` is awaited, both with the same calls.

    from keelson import Client
    client = Client("http://127.0.0.1:8080")
    talk = client.start_conversation(candidate={"full_name": "Ada Lovelace"})
    client.sessions.append(talk.session_id, {"role": "user", "content": "Hello"})
"""
# SPDX-License-Identifier: Apache-2.0
from .aio import AsyncClient
from .calls import Conversation, File, MemoryDocument
from .client import Client
from .errors import KeelsonError

__all__ = ["AsyncClient", "Client", "Conversation", "File", "KeelsonError", "MemoryDocument"]
