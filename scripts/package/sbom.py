"""Writes a software bill of materials: CycloneDX 1.6, JSON. The same input is the same bytes.

    sbom.py binary --target TRIPLE --features "WORDS OF tandem --version" --binary FILE --out FILE
    sbom.py extension --lock editors/vscode/package-lock.json --vsix FILE --out FILE

The bill of a binary lists the crates that are linked into it (scope `required`), the procedural macros and build tools
that made it (`excluded`), the libraries that crates carry inside them, and the starter model. Hashes are of the archives
that the registries hand out, as Cargo.lock and package-lock.json pin them; that of the whole is of the file itself.
The time is SOURCE_DATE_EPOCH.
"""

import argparse
import hashlib
import json
import os
import time
import uuid
from pathlib import Path

import crates
import npm

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
# Names of our own kind: the bill's number is made from what is in it.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/tandem-ls/tandem")


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def licences(expression):
    """A single name is an id, everything else an expression; the schema wants it so."""
    if not expression:
        return [{"license": {"name": "not stated"}}]
    if any(word in expression for word in (" OR ", " AND ", " WITH ")):
        return [{"expression": expression}]
    return [{"license": {"id": expression}}]


def component(kind, name, version, licence, purl, **more):
    found = {"type": kind, "bom-ref": purl, "name": name, "version": version, "licenses": licences(licence), "purl": purl}
    return {**found, **{key: value for key, value in more.items() if value}}


def hashes(algorithm, value):
    return [{"alg": algorithm, "content": value}] if value else None


def repository(url):
    return [{"type": "vcs", "url": url}] if url else None


def bill(subject, components, dependencies):
    ordered = sorted(components, key=lambda one: one["bom-ref"])
    links = [{"ref": ref, "dependsOn": sorted(set(others))} for ref, others in sorted(dependencies.items())]
    made_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"])))
    tool = {"type": "application", "name": "scripts/package/sbom.py", "version": subject["version"]}
    found = {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": made_at, "tools": {"components": [tool]}, "component": subject},
        "components": ordered,
        "dependencies": links,
    }
    number = uuid.uuid5(NAMESPACE, json.dumps(found, sort_keys=True))
    return {"$schema": SCHEMA, "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{number}", **found}


def starter_model():
    """The model that a build with llama.cpp has inside."""
    path = crates.ROOT / "models/starter.gguf"
    version = sha256(path)[:16]
    return component(
        "machine-learning-model", "tandem-starter", version, "MIT OR Apache-2.0", f"pkg:generic/tandem-starter@{version}",
        description="The starter model, compiled into the program; models/README.md tells of it.",
        hashes=hashes("SHA-256", sha256(path)),
    )


def of_binary(given):
    own, others = crates.crates(given.target, crates.features_of(given.features.split()))
    crates.check_licences(crates.required(others))
    subject = component(
        "application", "tandem", own.version, own.licence, own.purl,
        description=own.description, hashes=hashes("SHA-256", sha256(given.binary)),
        externalReferences=repository(own.repository),
        properties=[
            {"name": "tandem:target", "value": given.target},
            {"name": "tandem:features", "value": given.features},
        ],
    )
    components = [
        component(
            "library", crate.name, crate.version, crate.licence, crate.purl,
            scope=crate.scope, description=crate.description, hashes=hashes("SHA-256", crate.checksum),
            externalReferences=repository(crate.repository),
        )
        for crate in others
    ]
    dependencies = {crate.purl: [other.purl for other in crate.depends_on] for crate in [own, *others]}
    for library in crates.embedded(others):
        purl = f"pkg:generic/{library['name']}@{library['version']}"
        components.append(component(
            "library", library["name"], library["version"], library["licence"], purl,
            scope="required", externalReferences=repository(library["repository"]),
            description=f"Compiled from the sources in the crate {library['crate'].name}.",
        ))
        dependencies[library["crate"].purl].append(purl)
        dependencies[purl] = []
    if "llama" in given.features.split():
        model = starter_model()
        components.append(model)
        dependencies[own.purl].append(model["bom-ref"])
        dependencies[model["bom-ref"]] = []
    return bill(subject, components, dependencies)


def of_extension(given):
    name, version, licence, direct = npm.root(given.lock)
    packages = npm.packages(given.lock)
    crates.check_licences(packages)
    by_path = {package.path: package for package in packages}

    def resolve(package_path, wanted):
        """As node finds it: below the package itself, then below each folder above it."""
        place = package_path
        while True:
            path = f"{place}/node_modules/{wanted}" if place else f"node_modules/{wanted}"
            if path in by_path:
                return by_path[path].purl
            if not place:
                return None
            place = place.rpartition("/node_modules/")[0] if "/node_modules/" in place else ""

    own = f"pkg:npm/{name}@{version}"
    subject = component(
        "application", f"{name}-vscode", version, licence, own,
        description="Tandem's extension for VS Code", hashes=hashes("SHA-256", sha256(given.vsix)),
    )
    components, dependencies = {}, {own: [ref for ref in (resolve("", one) for one in direct) if ref]}
    for package in packages:
        components[package.purl] = component(
            "library", package.name, package.version, package.licence, package.purl,
            scope="required", hashes=hashes("SHA-512", package.sha512), externalReferences=repository(package.repository),
        )
        found = (resolve(package.path, wanted) for wanted in package.requires)
        dependencies.setdefault(package.purl, []).extend(ref for ref in found if ref)
    return bill(subject, components.values(), dependencies)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    binary = kinds.add_parser("binary")
    binary.add_argument("--target", required=True)
    binary.add_argument("--features", required=True)
    binary.add_argument("--binary", required=True, type=Path)
    extension = kinds.add_parser("extension")
    extension.add_argument("--lock", required=True, type=Path)
    extension.add_argument("--vsix", required=True, type=Path)
    for kind in (binary, extension):
        kind.add_argument("--out", required=True, type=Path)
    given = parser.parse_args()
    made = of_binary(given) if given.kind == "binary" else of_extension(given)
    given.out.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
