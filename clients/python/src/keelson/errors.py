"""What went wrong, as the server says it (RFC 9457), or why there is no answer at all."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping, Optional


class KeelsonError(Exception):
    """status 0: no answer arrived (code "network" or "timeout").  errors: every fault of the body (pointer, code, message)."""

    def __init__(self, message: str, *, code: str, status: int = 0, problem: Optional[Dict[str, Any]] = None,
                 retryable: bool = False, retry_after: Optional[float] = None, request_id: Optional[str] = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.problem: Dict[str, Any] = problem or {}
        self.title: Optional[str] = self.problem.get("title")
        self.detail: Optional[str] = self.problem.get("detail")
        self.errors: List[Dict[str, Any]] = self.problem.get("errors") or []
        self.retryable = retryable
        self.retry_after = retry_after      # seconds
        self.request_id = request_id


def error_from(status: int, reason: str, headers: Mapping[str, str], body: bytes) -> KeelsonError:
    problem = _problem(body)
    code = problem.get("code", "http-error")
    said = problem.get("detail") or problem.get("title") or body[:200].decode("utf-8", "replace") or reason
    faults = "".join(f"\n  {f.get('pointer') or '(body)'}: {f.get('message')}" for f in problem.get("errors") or [])
    return KeelsonError(
        f"{status} {code}: {said}{faults}", status=status, code=code, problem=problem,
        retryable=problem.get("retryable", status in (429, 503)), retry_after=retry_after_of(headers.get("retry-after")),
        request_id=problem.get("request_id") or headers.get("request-id"))


def _problem(body: bytes) -> Dict[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        return {}       # not ours: a proxy between us answered
    return problem if isinstance(problem, dict) else {}


def retry_after_of(header: Optional[str], now: Optional[datetime] = None) -> Optional[float]:
    """Seconds; the header is a number of seconds or a date."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    return max(0.0, (date - (now or datetime.now(timezone.utc))).total_seconds())
