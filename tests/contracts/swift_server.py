"""A real S3 that is nobody's mock: OpenStack Swift with its S3 API, in a virtual environment and a process of its own.

The tests import `swift()`; the environment's Python runs this same file as the server (Swift's own files stay out of
ours: it brings eventlet, which rewrites the standard library as it loads).
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RELEASE = "swift==2.38.3"
ACCESS, SECRET = "test:tester", "testing"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dayi" / RELEASE.replace("==", "-")

PROXY = """
[pipeline:main]
pipeline = catch_errors cache s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
swift_dir = {etc}
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:slo]
use = egg:swift#slo
"""


@contextmanager
def swift(folder: Path) -> Iterator[str]:
    """Serves from an empty folder (whose file system must have extended attributes); yields http://127.0.0.1:port."""
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [str(environment()), str(Path(__file__)), str(folder)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={"PATH": os.defpath, "HOME": str(folder)},
        )
    assert server.stdout is not None
    try:
        address = server.stdout.readline().strip()
        assert address, f"Swift did not start: {(folder / 'log').read_text()[-2000:]}"
        yield address
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def environment() -> Path:
    """The Python of Swift's environment, made on first use from the package index (30 s, 60 MB)."""
    python = CACHE / "bin" / "python"
    ready = CACHE / "ready"
    if not ready.exists():
        venv.create(CACHE, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", RELEASE, "setuptools<81"], check=True)
        ready.touch()
    return python


# In Swift's own environment


def serve(root: Path) -> None:
    import eventlet

    eventlet.monkey_patch()
    from eventlet import wsgi
    from swift.account.server import AccountController
    from swift.common import utils
    from swift.common.http_protocol import SwiftHttpProtocol
    from swift.common.ring import RingBuilder
    from swift.common.wsgi import loadapp
    from swift.container.server import ContainerController
    from swift.obj.server import ObjectController

    utils.HASH_PATH_SUFFIX, utils.HASH_PATH_PREFIX = b"dayi", b"dayi"
    etc, devices = root / "etc", root / "devices"
    (devices / "disk").mkdir(parents=True)
    etc.mkdir()
    conf = {"devices": str(devices), "swift_dir": str(etc), "mount_check": "false"}
    listening = {name: eventlet.listen(("127.0.0.1", 0)) for name in ("account", "container", "object", "proxy")}
    for name in ("account", "container", "object"):
        rings = RingBuilder(2, 1, 0)
        port = listening[name].getsockname()[1]
        rings.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": port, "device": "disk"})
        rings.rebalance()
        rings.get_ring().save(str(etc / f"{name}.ring.gz"))
    proxy = etc / "proxy-server.conf"
    proxy.write_text(PROXY.format(etc=etc))
    apps = {
        "account": AccountController(conf),
        "container": ContainerController(conf),
        "object": ObjectController(conf),
    }
    apps["proxy"] = loadapp(str(proxy))
    with open(os.devnull, "w") as silence:
        for name, app in apps.items():
            eventlet.spawn(wsgi.server, listening[name], app, silence, protocol=SwiftHttpProtocol)
        print(f"http://127.0.0.1:{listening['proxy'].getsockname()[1]}", flush=True)
        while True:
            eventlet.sleep(3600)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
