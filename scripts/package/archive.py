"""Archives whose bytes depend on nothing but what is in them: names in order, one time, no user, no machine.

    archive.py pack FOLDER OUT            a .tar.gz or .zip (by OUT's name) with FOLDER's own name as the root
    archive.py vsix IN OUT [THIRD-PARTY]  a vsix again, with the licences of the program that is in it
    archive.py sums FOLDER                writes FOLDER/SHA256SUMS

The time is SOURCE_DATE_EPOCH, in seconds since 1970; TANDEM_PACKAGE_LEVEL says how hard to compress, 1 to 9.
"""

import gzip
import hashlib
import os
import stat
import sys
import tarfile
import time
import zipfile
from pathlib import Path

# The first moment that a zip can name.
ZIP_BEGINS = 315532800


def moment():
    return int(os.environ["SOURCE_DATE_EPOCH"])


def level():
    return int(os.environ.get("TANDEM_PACKAGE_LEVEL", "6"))


def entries(folder):
    """Files and folders below a folder, the folder itself first, in the order of their names' bytes."""
    found = [folder, *folder.rglob("*")]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix().encode())


def mode_of(path):
    """What a package may say of permissions: readable by all, and executable where it is a program."""
    return 0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644


def pack_tar(folder, out):
    def plain(path):
        member = tarfile.TarInfo((Path(folder.name) / path.relative_to(folder)).as_posix())
        member.mode = mode_of(path)
        member.mtime = moment()
        member.uname = member.gname = "root"
        return member

    with open(out, "wb") as raw, gzip.GzipFile("", "wb", level(), raw, mtime=0) as packed:
        # The oldest of the common formats that knows long names; no times below a second, no extra records.
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path in entries(folder):
                member = plain(path)
                if path.is_symlink():
                    member.type, member.linkname = tarfile.SYMTYPE, os.readlink(path)
                    archive.addfile(member)
                elif path.is_dir():
                    member.type = tarfile.DIRTYPE
                    archive.addfile(member)
                else:
                    member.size = path.stat().st_size
                    with open(path, "rb") as file:
                        archive.addfile(member, file)


def zip_member(name, mode):
    member = zipfile.ZipInfo(name, time.gmtime(max(moment(), ZIP_BEGINS))[:6])
    member.compress_type = zipfile.ZIP_DEFLATED
    # Unix, so that the permissions below mean something wherever this was made.
    member.create_system = 3
    member.external_attr = (stat.S_IFREG | mode) << 16
    return member


def pack_zip(folder, out):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level()) as archive:
        for path in entries(folder):
            if path.is_file():
                name = (Path(folder.name) / path.relative_to(folder)).as_posix()
                archive.writestr(zip_member(name, mode_of(path)), path.read_bytes(), compresslevel=level())


def repack_vsix(source, out, third_party=None):
    """The same vsix in a fixed order and time, with `extension/THIRD-PARTY.txt` where it has licences to tell."""
    added = "extension/THIRD-PARTY.txt"
    with zipfile.ZipFile(source) as old:
        members = {name: (old.getinfo(name), old.read(name)) for name in old.namelist() if not name.endswith("/")}
    # A package names the type of every ending that is in it.
    types = "[Content_Types].xml"
    info, text = members[types]
    if third_party and b'Extension=".txt"' not in text:
        text = text.replace(b"</Types>", b'<Default Extension=".txt" ContentType="text/plain"/></Types>')
        members[types] = (info, text)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level()) as archive:
        for name in sorted([*members, *([added] if third_party else [])], key=str.encode):
            if name == added:
                archive.writestr(zip_member(name, 0o644), third_party.read_bytes(), compresslevel=level())
            else:
                info, data = members[name]
                is_program = (info.external_attr >> 16) & stat.S_IXUSR
                archive.writestr(zip_member(name, 0o755 if is_program else 0o644), data, compresslevel=level())


def write_sums(folder):
    """SHA256SUMS as `sha256sum --check` reads it."""
    lines = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name.encode()):
        if path.is_file() and path.name != "SHA256SUMS":
            digest = hashlib.sha256()
            with open(path, "rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
            lines.append(f"{digest.hexdigest()}  {path.name}\n")
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")


def main():
    arguments = sys.argv[1:]
    if len(arguments) == 3 and arguments[0] == "pack":
        folder, out = map(Path, arguments[1:])
        (pack_zip if out.suffix == ".zip" else pack_tar)(folder, out)
    elif len(arguments) in (3, 4) and arguments[0] == "vsix":
        repack_vsix(*map(Path, arguments[1:]))
    elif len(arguments) == 2 and arguments[0] == "sums":
        write_sums(Path(arguments[1]))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
