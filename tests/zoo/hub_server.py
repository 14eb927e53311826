"""A Hugging Face Hub on this machine, as far as its client speaks to one: repositories with commits, large files on
another host name, uploads, and faults on demand. Holds everything in memory.
"""

import hashlib
import json
import re
import threading
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_secretSECRETsecret"
LARGE = ".safetensors"


@dataclass
class Repo:
    """Its commits (newest last), what its names mean, and who may see it."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    private: bool = False
    gated: bool = False

    def commit(self, files: dict[str, bytes], revision: str = "main") -> str:
        digest = hashlib.sha1(f"{len(self.commits)}".encode())
        for path, content in sorted(files.items()):
            digest.update(path.encode() + content)
        self.commits[digest.hexdigest()] = dict(files)
        self.revisions[revision] = digest.hexdigest()
        return digest.hexdigest()

    def at(self, revision: str) -> str | None:
        return revision if revision in self.commits else self.revisions.get(revision)

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[self.revisions["main"]] if self.commits else {}


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    host: str
    authorization: str | None
    range: str | None


class Hub:
    """The server. `fault(method, path)` may answer (status, headers) in place of the Hub; `cuts` is how many of the
    next large answers break off in the middle; `lie(path, content)` may send other content than is stored, and
    `listing` may name other files.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.large: dict[str, bytes] = {}
        self.asked: list[Asked] = []
        self.fault: Callable[[str, str], tuple[int, dict[str, str]] | None] = lambda method, path: None
        self.lie: Callable[[str, bytes], bytes] = lambda path, content: content
        self.listing: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda siblings: siblings
        self.cuts = 0
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def elsewhere(self) -> str:
        """The same server by another name: what lies there must never see a token."""
        return f"http://localhost:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def downloads(self) -> list[str]:
        """Paths of files whose content was asked for, in order."""
        return [a.path for a in self.asked if a.method == "GET" and ("/resolve/" in a.path or "/large/" in a.path)]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_PUT = do_GET

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else self._chunked()
        path = unquote(urlsplit(self.path).path)
        host = str(self.headers.get("Host"))
        authorization = self.headers.get("Authorization")
        self.hub.asked.append(Asked(self.command, path, host, authorization, self.headers.get("Range")))
        fault = self.hub.fault(self.command, path)
        if fault is not None:
            self._json({"error": "as the test wanted"}, fault[0], fault[1])
            return
        for method, pattern, serve in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and self.command in method:
                serve(self, body, *found.groups())
                return
        self._json({"error": "no such page"}, 404)

    def _chunked(self) -> bytes:
        body = b""
        while self.headers.get("Transfer-Encoding") == "chunked":
            size = int(self.rfile.readline(), 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if not size:
                break
        return body

    def _send(self, content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(json.dumps(value).encode(), status, {"Content-Type": "application/json", **(headers or {})})

    def _refused(self, code: str, status: int) -> None:
        self._json({"error": code}, status, {"X-Error-Code": code})

    def _open(self, repo_id: str, revision: str = "main") -> tuple[Repo, str] | None:
        """The repository and commit, or the refusal that the Hub would send."""
        repo, token = self.hub.repos.get(repo_id), self.headers.get("Authorization")
        if token not in (None, f"Bearer {TOKEN}"):
            self._json({"error": "bad token"}, 401, {"X-Error-Message": "Invalid credentials in Authorization header"})
        elif repo is None or (repo.private and token is None):
            self._refused("RepoNotFound", 401 if token is None else 404)
        elif repo.gated:
            self._refused("GatedRepo", 403)
        elif (commit := repo.at(revision)) is None and repo.commits:
            self._refused("RevisionNotFound", 404)
        else:
            return repo, commit or "0" * 40
        return None

    def info(self, body: bytes, repo_id: str, revision: str = "main") -> None:
        if (opened := self._open(repo_id, revision)) is None:
            return
        repo, commit = opened
        sizes = "blobs" in parse_qs(urlsplit(self.path).query)
        siblings = [_sibling(path, content, sizes) for path, content in repo.commits.get(commit, {}).items()]
        listed = self.hub.listing(siblings)
        self._json({"id": repo_id, "sha": commit, "private": repo.private, "gated": repo.gated, "siblings": listed})

    def tree(self, body: bytes, repo_id: str, revision: str) -> None:
        if (opened := self._open(repo_id, revision)) is None:
            return
        files = opened[0].commits.get(opened[1], {})
        self._json([{"type": "file", "path": p, "size": len(c), "oid": "0" * 40} for p, c in files.items()])

    def resolve(self, body: bytes, repo_id: str, revision: str, path: str) -> None:
        if (opened := self._open(repo_id, revision)) is None:
            return
        repo, commit = opened
        if path not in repo.commits[commit]:
            self._refused("EntryNotFound", 404)
            return
        content = repo.commits[commit][path]
        oid = hashlib.sha256(content).hexdigest()
        headers = {"X-Repo-Commit": commit, "ETag": f'"{oid}"'}
        if path.endswith(LARGE):
            linked = {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(content))}
            self.hub.large[oid] = self.hub.lie(path, content)
            self._send(b"", 302, headers | linked | {"Location": f"{self.hub.elsewhere}/large/{oid}"})
        else:
            self._send(self.hub.lie(path, content), 200, headers)

    def from_elsewhere(self, body: bytes, oid: str) -> None:
        content = self.hub.large[oid]
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        rest = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if self.hub.cuts:
            self.hub.cuts -= 1
            self.wfile.write(rest[: len(rest) // 2])
            self.close_connection = True
        else:
            self.wfile.write(rest)

    def create(self, body: bytes) -> None:
        asked = json.loads(body)
        repo_id = f"{asked['organization']}/{asked['name']}"
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._json({"error": "Unauthorized"}, 401)
        elif repo_id.startswith("others/"):
            self._json({"error": "not yours"}, 403)
        else:
            status = 409 if repo_id in self.hub.repos else 200
            self.hub.repos.setdefault(repo_id, Repo(private=asked.get("visibility") == "private"))
            self._json({"url": f"{self.hub.endpoint}/{repo_id}"}, status)

    def validate(self, body: bytes) -> None:
        self._json({"errors": [], "warnings": []})

    def preupload(self, body: bytes, repo_id: str, revision: str) -> None:
        files = json.loads(body)["files"]
        modes = [
            {
                "path": f["path"],
                "uploadMode": "lfs" if f["path"].endswith(LARGE) else "regular",
                "shouldIgnore": False,
                "oid": None,
            }
            for f in files
        ]
        self._json({"files": modes})

    def batch(self, body: bytes, repo_id: str) -> None:
        objects = [
            {
                "oid": o["oid"],
                "size": o["size"],
                "actions": {"upload": {"href": f"{self.hub.elsewhere}/large/{o['oid']}"}},
            }
            for o in json.loads(body)["objects"]
        ]
        self._json({"transfer": "basic", "objects": objects})

    def upload(self, body: bytes, oid: str) -> None:
        assert hashlib.sha256(body).hexdigest() == oid
        self.hub.large[oid] = body
        self._send(b"")

    def commit(self, body: bytes, repo_id: str, revision: str) -> None:
        repo = self.hub.repos[repo_id]
        files = dict(repo.files)
        for line in filter(None, body.split(b"\n")):
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "file":
                files[value["path"]] = b64decode(value["content"])
            elif item["key"] == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
            elif item["key"] == "deletedFile":
                del files[value["path"]]
        oid = repo.commit(files, revision)
        self._json({"commitUrl": f"{self.hub.endpoint}/{repo_id}/commit/{oid}", "commitOid": oid})


def _sibling(path: str, content: bytes, sizes: bool) -> dict[str, Any]:
    if not sizes:
        return {"rfilename": path}
    lfs = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    large = {"lfs": lfs} if path.endswith(LARGE) else {}
    return {"rfilename": path, "size": len(content), "blobId": hashlib.sha1(content).hexdigest(), **large}


_REPO = r"([\w.-]+/[\w.-]+)"
_ROUTES: list[tuple[tuple[str, ...], str, Callable[..., None]]] = [
    (("GET",), rf"/api/models/{_REPO}", _Handler.info),
    (("GET",), rf"/api/models/{_REPO}/revision/(.+)", _Handler.info),
    (("GET",), rf"/api/models/{_REPO}/tree/(.+)", _Handler.tree),
    (("GET", "HEAD"), rf"/{_REPO}/resolve/([^/]+)/(.+)", _Handler.resolve),
    (("GET", "HEAD"), r"/large/([0-9a-f]{64})", _Handler.from_elsewhere),
    (("PUT",), r"/large/([0-9a-f]{64})", _Handler.upload),
    (("POST",), r"/api/repos/create", _Handler.create),
    (("POST",), r"/api/validate-yaml", _Handler.validate),
    (("POST",), rf"/api/models/{_REPO}/preupload/(.+)", _Handler.preupload),
    (("POST",), rf"/api/models/{_REPO}/commit/(.+)", _Handler.commit),
    (("POST",), rf"/{_REPO}\.git/info/lfs/objects/batch", _Handler.batch),
]
