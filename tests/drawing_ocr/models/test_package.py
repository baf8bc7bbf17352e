from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.models import package
from drawing_ocr.models.package import PackageError


def small_package(folder: Path, *, characters: str = "ab", created: bool = True) -> Path:
    """An unpacked package with a few bytes in place of the weights."""
    for part in (package.DETECTOR, package.RECOGNISER):
        (folder / part).mkdir(parents=True)
        for name in ("inference.onnx", "inference.yml", "inference.json", "inference.pdiparams", "weights.pdparams"):
            (folder / part / name).write_bytes(f"{part} {name}".encode())
    (folder / package.RECOGNISER / package.DICTIONARY_NAME).write_text("".join(f"{c}\n" for c in characters), "utf-8")
    if created:
        package.describe(folder, name="small", parent=package.Parent(sha256="0" * 64), metrics={"exact": 0.5})
    return folder


def tar_with(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_a_packed_package_unpacks_to_the_same_files_and_description(tmp_path: Path) -> None:
    source = small_package(tmp_path / "source", characters="⌀±字")
    digest = package.pack(source, tmp_path / "model.tar.gz")
    info = package.unpack(tmp_path / "model.tar.gz", tmp_path / "copy")
    assert digest == package.file_sha256(tmp_path / "model.tar.gz")
    assert info == package.read_info(source) == package.read_info(tmp_path / "model.tar.gz")
    assert info.recogniser.characters == 3
    assert info.parent == package.Parent(sha256="0" * 64)
    for file in source.rglob("*.*"):
        assert (tmp_path / "copy" / file.relative_to(source)).read_bytes() == file.read_bytes()


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    source = small_package(tmp_path / "source")
    first = package.pack(source, tmp_path / "a.tar.gz")
    (source / "detector" / "inference.yml").touch()
    assert package.pack(source, tmp_path / "b.tar.gz") == first


def test_the_description_is_the_first_member(tmp_path: Path) -> None:
    package.pack(small_package(tmp_path / "source"), tmp_path / "model.tar.gz")
    with tarfile.open(tmp_path / "model.tar.gz") as archive:
        names = archive.getnames()
    assert names[0] == "package.json"
    assert sorted(names[1:]) == names[1:]


def test_package_json_has_the_fields_of_the_contract(tmp_path: Path) -> None:
    content = json.loads((small_package(tmp_path / "source") / "package.json").read_text("utf-8"))
    assert content["schema"] == 1
    assert set(content) == {
        "schema", "name", "version", "created", "parent", "detector", "recogniser", "training", "metrics",
        "calibration",
    }  # fmt: skip
    assert content["detector"]["architecture"] == "PP-OCRv6_small_det"
    assert content["recogniser"]["architecture"] == "PP-OCRv6_small_rec"


def test_another_schema_is_refused_in_one_line_before_anything_is_unpacked(tmp_path: Path) -> None:
    source = small_package(tmp_path / "source")
    content = json.loads((source / "package.json").read_text("utf-8"))
    path = tar_with(
        tmp_path / "model.tar.gz", (tarfile.TarInfo("package.json"), json.dumps({**content, "schema": 2}).encode())
    )
    with pytest.raises(PackageError, match=r"model package of schema 2, this reader understands 1: ") as caught:
        package.unpack(path, tmp_path / "copy")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "detector/../../evil", "a\\..\\evil"])
def test_a_member_that_leads_out_of_the_package_is_refused(tmp_path: Path, name: str) -> None:
    info = (small_package(tmp_path / "source") / "package.json").read_bytes()
    path = tar_with(
        tmp_path / "model.tar.gz", (tarfile.TarInfo("package.json"), info), (tarfile.TarInfo(name), b"evil")
    )
    with pytest.raises(PackageError, match="leads out of the package"):
        package.unpack(path, tmp_path / "folder" / "copy")
    assert [file.name for file in tmp_path.rglob("*evil*")] == []
    assert list((tmp_path / "folder").iterdir()) == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    info = (small_package(tmp_path / "source") / "package.json").read_bytes()
    member = tarfile.TarInfo("detector")
    member.type, member.linkname = kind, "/etc"
    path = tar_with(tmp_path / "model.tar.gz", (tarfile.TarInfo("package.json"), info), (member, b""))
    with pytest.raises(PackageError, match="neither a file nor a folder"):
        package.unpack(path, tmp_path / "copy")


def test_a_truncated_archive_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    package.pack(small_package(tmp_path / "source"), tmp_path / "model.tar.gz")
    whole = (tmp_path / "model.tar.gz").read_bytes()
    (tmp_path / "model.tar.gz").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(PackageError, match=r"model\.tar\.gz"):
        package.unpack(tmp_path / "model.tar.gz", tmp_path / "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.tar.gz", "source"]


@given(content=st.binary(max_size=200))
def test_any_bytes_that_are_no_package_are_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for name, data in (("plain.tar.gz", content), ("packed.tar.gz", gzip.compress(content))):
        (folder / name).write_bytes(data)
        with pytest.raises(PackageError) as caught:
            package.unpack(folder / name, folder / "copy")
        assert "\n" not in str(caught.value)
        assert name in str(caught.value)


@pytest.mark.parametrize("missing", ["detector/inference.onnx", "recogniser/dict.txt", "recogniser/weights.pdparams"])
def test_a_version_without_one_of_its_files_is_refused(tmp_path: Path, missing: str) -> None:
    source = small_package(tmp_path / "source")
    (source / missing).unlink()
    with pytest.raises(PackageError, match=f"{missing} is missing"):
        package.pack(source, tmp_path / "model.tar.gz")
    assert not (tmp_path / "model.tar.gz").exists()


def test_a_file_that_was_changed_after_packing_is_noticed(tmp_path: Path) -> None:
    source = small_package(tmp_path / "source")
    (source / "detector" / "weights.pdparams").write_bytes(b"other")
    with pytest.raises(PackageError, match=r"detector/ was changed after packing"):
        package.check_folder(source)


def test_a_dictionary_with_a_repeated_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="repeats 'a'"):
        small_package(tmp_path / "source", characters="aba")


def test_unpacking_never_writes_over_a_folder(tmp_path: Path) -> None:
    package.pack(small_package(tmp_path / "source"), tmp_path / "model.tar.gz")
    with pytest.raises(FileExistsError, match="is already there"):
        package.unpack(tmp_path / "model.tar.gz", tmp_path / "source")
