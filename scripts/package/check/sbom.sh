# Part of scripts/package/check.sh: the bills of materials, by our own rules and by the schema.
# shellcheck shell=sh disable=SC2154

# A private copy of CycloneDX's own library, which brings the schema along. Prints its Python.
validator() {
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/tandem-package/cyclonedx
    if ! "$cache/bin/python" -c 'import cyclonedx.validation.json, jsonschema' >/dev/null 2>&1; then
        rm -rf "$cache"
        mkdir -p "$(dirname "$cache")"
        python3 -m venv "$cache" >"$work/venv.log" 2>&1 || { echo "python3 has no venv (Debian: python3-venv)" >"$work/why"; return 1; }
        "$cache/bin/python" -m pip install --quiet --disable-pip-version-check 'cyclonedx-python-lib[json-validation]==11.12.0' \
            >"$work/venv.log" 2>&1 || { echo "pip cannot fetch cyclonedx-python-lib" >"$work/why"; rm -rf "$cache"; return 1; }
    fi
    printf '%s\n' "$cache/bin/python"
}

set -- "$dist"/*.cdx.json
if [ -f "$1" ]; then
    python3 scripts/package/sbom_check.py "$@" || die "a bill of materials does not hold together"
    ok "$# bills of materials hold together: $(python3 -c 'import json, sys
print(", ".join(str(len(json.load(open(file, encoding="utf-8"))["components"])) for file in sys.argv[1:]), "components")' "$@")"
    if python=$(validator); then
        "$python" - "$@" <<'END' || die "a bill of materials is not as CycloneDX's schema wants it"
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

check = JsonStrictValidator(SchemaVersion.V1_6)
wrong = [f"{file}: {error}" for file in sys.argv[1:] if (error := check.validate_str(open(file, encoding="utf-8").read()))]
sys.exit("\n".join(wrong) or 0)
END
        ok "CycloneDX's schema takes them"
    else
        skip_check "the schema of CycloneDX: $(cat "$work/why")"
    fi
    # What is linked in has its licence among those that are shipped.
    for archive in "$dist"/tandem-"$version"-*.tar.gz; do
        name=$(basename "$archive" .tar.gz)
        if ! [ -f "$archive" ] || ! [ -f "$dist/$name.cdx.json" ]; then continue; fi
        tar -xzOf "$archive" "$name/THIRD-PARTY.txt" >"$work/third-party"
        python3 - "$dist/$name.cdx.json" "$work/third-party" <<'END' || die "THIRD-PARTY.txt of $name is not whole"
import json, sys
from pathlib import Path

bill = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
text = Path(sys.argv[2]).read_text(encoding="utf-8")
linked = [f"{one['name']} {one['version']}" for one in bill["components"] if one.get("scope") == "required"]
missing = [name for name in linked if f"\n{name} " not in text]
sys.exit(f"no licence of {', '.join(missing)}" if missing or len(linked) < 50 else 0)
END
        ok "THIRD-PARTY.txt of $name has all that its bill has"
    done
fi
