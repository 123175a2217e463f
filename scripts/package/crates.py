"""What a build of Tandem is made of: the crates that end up in it, and the libraries inside them.

Everything comes from `cargo metadata`, `Cargo.lock` and the sources that cargo unpacked: nothing is fetched here, and
nothing is guessed. What a licence needs and cannot be found is an error that names the crate.
"""

import json
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What may be distributed in a binary under our own terms. A new licence is looked at by a person before it is added.
ACCEPTED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
    "CC0-1.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Unicode-3.0", "Unlicense", "Zlib",
}


class Crate:
    """One package of the build. `scope` is `required` for what is linked in, `excluded` for what only builds it."""

    def __init__(self, package, scope, checksum):
        self.id = package["id"]
        self.name = package["name"]
        self.version = package["version"]
        self.description = (package["description"] or "").strip()
        self.authors = package["authors"]
        self.repository = package["repository"] or package["homepage"] or ""
        self.directory = Path(package["manifest_path"]).parent
        self.licence = expression(package["license"])
        self.licence_file = package["license_file"]
        self.scope = scope
        self.checksum = checksum
        self.depends_on = []

    @property
    def purl(self):
        return f"pkg:cargo/{self.name}@{self.version}"


def expression(licence):
    """An SPDX expression; older crates write `/` for OR. None where the crate says nothing."""
    return re.sub(r"\s*/\s*", " OR ", licence) if licence else None


def is_accepted(licence):
    """Whether one way through the expression consists of accepted licences."""
    tokens = re.findall(r"\(|\)|[^\s()]+", licence)

    def either():
        result = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            right = both()
            result = result or right
        return result

    def both():
        result = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            right = one()
            result = result and right
        return result

    def one():
        token = tokens.pop(0)
        if token == "(":
            result = either()
            tokens.pop(0)
            return result
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            token = f"{token} WITH {tokens.pop(0)}"
        return token in ACCEPTED

    return either() and not tokens


def metadata(target, features):
    """`cargo metadata` of this repository, as a build for `target` with these options of cargo would resolve it."""
    command = [os.environ.get("CARGO", "cargo"), "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
    return json.loads(subprocess.check_output([*command, *features], cwd=ROOT))


def checksums():
    """SHA-256 of each crate's archive, by name and version, from Cargo.lock."""
    text = (ROOT / "Cargo.lock").read_text(encoding="utf-8")
    found = {}
    for block in text.split("[[package]]")[1:]:
        fields = dict(re.findall(r'^(name|version|checksum) = "([^"]*)"$', block, re.MULTILINE))
        if "checksum" in fields:
            found[fields["name"], fields["version"]] = fields["checksum"]
    return found


def crates(target, features):
    """Our own package and the crates of its build, sorted by name and version.

    Linked in is what normal dependencies reach. Procedural macros and build scripts' dependencies run while it is built:
    their scope is `excluded`. Dependencies of tests are in neither.
    """
    data = metadata(target, features)
    packages = {package["id"]: package for package in data["packages"]}
    edges = {
        node["id"]: [
            (edge["pkg"], {kind["kind"] for kind in edge["dep_kinds"]}) for edge in node["deps"]
        ]
        for node in data["resolve"]["nodes"]
    }
    root = data["resolve"]["root"]

    def runs_while_building(identifier):
        return any("proc-macro" in target["kind"] for target in packages[identifier]["targets"])

    def reach(starts, wanted):
        seen, waiting = set(), list(starts)
        while waiting:
            identifier = waiting.pop()
            if identifier not in seen:
                seen.add(identifier)
                waiting += [other for other, kinds in edges[identifier] if wanted(other, kinds)]
        return seen

    linked = reach([root], lambda other, kinds: None in kinds and not runs_while_building(other))
    everything = reach([root], lambda other, kinds: kinds & {None, "build"})
    sums = checksums()
    made = {}
    for identifier in everything:
        package = packages[identifier]
        scope = "required" if identifier in linked else "excluded"
        made[identifier] = Crate(package, scope, sums.get((package["name"], package["version"])))
    for identifier, crate in made.items():
        depends_on = [made[other] for other, kinds in edges[identifier] if kinds & {None, "build"}]
        crate.depends_on = sorted(depends_on, key=lambda other: (other.name, other.version))
    others = sorted((made[i] for i in everything if i != root), key=lambda crate: (crate.name, crate.version))
    return made[root], others


def check_licences(shipped):
    """An error that names everything shipped whose licence is not among the accepted ones. Takes crates and npm's packages."""
    wrong = [
        f"{one.name} {one.version}: {one.licence or 'no licence'}"
        for one in shipped
        if not (one.licence and is_accepted(one.licence))
    ]
    if wrong:
        raise SystemExit("package: licences that nobody has accepted (scripts/package/crates.py):\n  " + "\n  ".join(wrong))


def required(others):
    return [crate for crate in others if crate.scope == "required"]


def embedded(others):
    """Libraries that crates carry in their sources: the entries of embedded.json whose crate is linked in.

    Each gets its `version`, read from the sources, and its `crate`. What the list names and the sources no longer have
    is an error, because then the list is wrong.
    """
    entries = json.loads((ROOT / "scripts/package/embedded.json").read_text(encoding="utf-8"))
    linked = {crate.name: crate for crate in required(others)}
    found = []
    for entry in entries:
        crate = linked.get(entry["crate"])
        if crate is None:
            continue
        texts = [crate.directory / name for name in entry["texts"]]
        missing = [str(path) for path in texts if not path.is_file()]
        if missing:
            raise SystemExit(f"package: embedded.json: {entry['name']}: not there any more: {', '.join(missing)}")
        version = entry.get("version")
        if "version_from" in entry:
            source = crate.directory / entry["version_from"]["file"]
            match = re.search(entry["version_from"]["pattern"], source.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
            if not match:
                raise SystemExit(f"package: embedded.json: {entry['name']}: no version in {source}")
            version = ".".join(match.groups())
        found.append({**entry, "version": version, "crate": crate, "texts": texts})
    return found


def features_of(words):
    """Cargo's options for the features that `tandem --version` names."""
    wanted = [word for word in words if word != "none"]
    return ["--no-default-features", "--features", ",".join(wanted)] if wanted else ["--no-default-features"]
