"""Checks bills of materials beyond what the schema can say; prints what is wrong and fails.

    sbom_check.py FILE…

A reference that leads nowhere, a crate without a hash, a name that two components have: a scanner reads over these and
reports less than there is.
"""

import json
import re
import sys
from pathlib import Path

HASH_LENGTHS = {"SHA-256": 64, "SHA-512": 128}
PURL = re.compile(r"^pkg:[a-z]+/[^@\s]+@[^@\s]+$")


def problems(bill):
    """What is wrong with a bill, as sentences."""
    found = []
    if bill.get("bomFormat") != "CycloneDX" or bill.get("specVersion") not in ("1.5", "1.6", "1.7"):
        found.append("it is no CycloneDX of 1.5 or later")
    if not re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill.get("serialNumber", "")):
        found.append("its serial number is no UUID")
    subject = bill.get("metadata", {}).get("component")
    if not subject:
        return [*found, "it does not say what it is of"]
    components = [subject, *bill.get("components", [])]
    if len(components) < 2:
        found.append("nothing is in it")
    refs = set()
    for one in components:
        name = f"{one.get('name')} {one.get('version')}"
        ref = one.get("bom-ref")
        if ref in refs:
            found.append(f"{name}: another component has the reference {ref}")
        refs.add(ref)
        if not PURL.match(one.get("purl", "")):
            found.append(f"{name}: {one.get('purl')} is no package URL")
        if not one.get("licenses"):
            found.append(f"{name}: no licence")
        hashes = one.get("hashes", [])
        if not hashes and not one.get("purl", "").startswith("pkg:generic/"):
            found.append(f"{name}: no hash")
        for value in hashes:
            length = HASH_LENGTHS.get(value.get("alg"))
            if not re.fullmatch(f"[0-9a-f]{{{length}}}", value.get("content", "")):
                found.append(f"{name}: a hash is no {value.get('alg')}")
    links = {link["ref"]: link.get("dependsOn", []) for link in bill.get("dependencies", [])}
    if set(links) != refs:
        found.append(f"the dependencies of {', '.join(sorted(map(str, refs ^ set(links))))} are not told once each")
    for ref, others in links.items():
        found += [f"{ref} depends on {other}, which is not in the bill" for other in others if other not in refs]
    # What nothing leads to is not part of the whole.
    reached, waiting = set(), [subject.get("bom-ref")]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += links.get(ref, [])
    found += [f"nothing depends on {ref}" for ref in sorted(map(str, refs - reached))]
    return found


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    wrong = [
        f"{file}: {problem}"
        for file in sys.argv[1:]
        for problem in problems(json.loads(Path(file).read_text(encoding="utf-8")))
    ]
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
