"""Where it is run: the service's unit, confined as promised and stopped in the order the program wants; a container."""
# SPDX-License-Identifier: Apache-2.0

import configparser
import os
import re
import shutil
import subprocess

import harness
import httpx
import pytest
from bare import free_port
from harness import ROOT

UNIT = ROOT / "packaging" / "systemd" / "keelson.service"


class Unit(configparser.ConfigParser):
    optionxform = staticmethod(str)


def service():
    unit = Unit(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    unit.read(UNIT)
    return unit["Service"]


@pytest.mark.parametrize("name, value", [
    ("DynamicUser", "yes"), ("NoNewPrivileges", "yes"), ("CapabilityBoundingSet", ""), ("ProtectSystem", "strict"), ("ProtectHome", "yes"),
    ("PrivateTmp", "yes"), ("PrivateDevices", "yes"), ("ProtectProc", "invisible"), ("ProcSubset", "pid"), ("ProtectKernelTunables", "yes"),
    ("ProtectKernelModules", "yes"), ("ProtectKernelLogs", "yes"), ("ProtectControlGroups", "yes"), ("ProtectClock", "yes"),
    ("ProtectHostname", "yes"), ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"), ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"), ("RestrictSUIDSGID", "yes"), ("LockPersonality", "yes"), ("MemoryDenyWriteExecute", "yes"),
    ("SystemCallArchitectures", "native"), ("LimitCORE", "0"), ("UMask", "0077"), ("IPAddressDeny", "any"),
])
def test_the_unit_is_confined(name, value):
    assert service()[name] == value


def test_the_program_stops_its_postgresql_itself():
    unit = service()
    assert unit["KillMode"] == "mixed" and int(unit["TimeoutStopSec"]) > 30, "drain.timeout, and PostgreSQL after it"
    assert unit["RestartPreventExitStatus"] == "2"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_agrees():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", UNIT], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr


def test_the_example_environment_holds_no_secret():
    text = (ROOT / ".env.example").read_text()
    names = re.findall(r"^(?:# )?([A-Z_]+)=", text, re.MULTILINE)
    assert {"DATABASE_URL", "KEELSON_API_KEY"} <= set(names)
    assert re.findall(r"://[^:]+:([^@]+)@", text) == ["PASSWORD", "PASSWORD"]
    assert not re.search(r"kls_live_\w{8}", text)
    assert re.search(r"^\.env$", (ROOT / ".gitignore").read_text(), re.MULTILINE)


def mount_namespaces():
    """Only root has them, and not inside a chroot whose root is no mount."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode == 0


@pytest.mark.skipif(not mount_namespaces(), reason="no mount namespace to be had here")
def test_a_container_without_shared_memory_will_do():
    """PostgreSQL's usual shared memory needs a /dev/shm that its user may write to."""
    folder, url = harness.workspace(), f"http://127.0.0.1:{free_port()}"
    inside = f"mount -t tmpfs -o mode=755 none /dev/shm && exec {harness.BIN} serve --listen {url[7:]} --data-dir {folder}/data"
    process = subprocess.Popen(["unshare", "--mount", "sh", "-c", inside], cwd=folder, env=harness.environment(folder))
    try:
        with httpx.Client(base_url=url, transport=httpx.HTTPTransport(retries=7)) as http:
            assert http.post("/v1/candidates", json={"full_name": "Ada Lovelace"}).status_code == 201
        process.terminate()
        assert process.wait(harness.STOP_SECONDS) == 0
    finally:
        process.kill()
        harness.await_exit(harness.processes(folder), 10)
        shutil.rmtree(folder)
