"""What the VS Code extension's bundle is made of, from its package-lock.json."""

import base64
import json
import re
from pathlib import Path


class Package:
    """One package that the bundle may hold. `sha512` is the archive's, in hexadecimal, or None."""

    def __init__(self, path, entry, root):
        self.path = path
        self.name = entry.get("name") or path.rpartition("node_modules/")[2]
        self.version = entry["version"]
        self.directory = root / path
        manifest = self.directory / "package.json"
        described = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
        licence = entry.get("license") or described.get("license") or ""
        # `(MIT OR CC0-1.0)` and `MIT` are both expressions already.
        self.licence = licence.get("type", "") if isinstance(licence, dict) else licence.strip("()")
        repository = described.get("repository") or ""
        repository = repository.get("url", "") if isinstance(repository, dict) else repository
        repository = re.sub(r"^git\+|\.git$", "", repository)
        self.repository = repository if repository.startswith("https://") else ""
        self.requires = sorted(entry.get("dependencies", {}))
        integrity = re.search(r"sha512-([A-Za-z0-9+/=]+)", entry.get("integrity", ""))
        self.sha512 = base64.b64decode(integrity.group(1)).hex() if integrity else None

    @property
    def purl(self):
        return f"pkg:npm/{self.name.replace('@', '%40')}@{self.version}"


def packages(lock):
    """The packages of the extension that are not there for its development alone, sorted by name and version."""
    lock = Path(lock)
    entries = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    found = [
        Package(path, entry, lock.parent)
        for path, entry in entries.items()
        if path and not entry.get("dev") and not entry.get("devOptional") and not entry.get("link")
    ]
    return sorted(found, key=lambda package: (package.name, package.version, package.path))


def root(lock):
    """Name, version, licence and direct dependencies of the extension itself."""
    entry = json.loads(Path(lock).read_text(encoding="utf-8"))["packages"][""]
    return entry["name"], entry["version"], entry.get("license", "MIT OR Apache-2.0"), sorted(entry.get("dependencies", {}))
