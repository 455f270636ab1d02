"""Which files of a repository are meant by a name."""

from __future__ import annotations

import pytest

from oxillama_jupyter.engine.hubfiles import choose
from oxillama_jupyter.engine.pulls import HubFile, parse_model
from oxillama_jupyter.errors import InvalidRequest, ModelNotFound

REPO = "org/tiny-GGUF"
PARTS = [f"big/big-Q6_K-{no:05}-of-00003.gguf" for no in (1, 2, 3)]
USUAL = ["README.md", "m-Q8_0.gguf", "m-Q4_K_M.gguf", "m-q5_k_s.gguf", "mmproj-m-f16.gguf", *PARTS]


def chosen(names: list[str], quant: str = "") -> list[str]:
    files = [HubFile(name, 10**9, "0" * 64) for name in names]
    return [file.name for file in choose(REPO, files, quant)]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (USUAL, "m-Q4_K_M.gguf"),
        (["m-Q8_0.gguf", "m-Q2_K.gguf"], "m-Q8_0.gguf"),
        (["m-F16.gguf", "mmproj-m-Q8_0.gguf", "m.imatrix.gguf", "notes.txt"], "m-F16.gguf"),
        (["only.gguf"], "only.gguf"),
    ],
)
def test_without_a_quantisation_the_usual_one_is_meant(names: list[str], expected: str) -> None:
    assert chosen(names) == [expected]


@pytest.mark.parametrize(
    ("quant", "expected"),
    [
        ("Q4_K_M", ["m-Q4_K_M.gguf"]),
        ("q8_0", ["m-Q8_0.gguf"]),
        ("Q5_K_S", ["m-q5_k_s.gguf"]),
        ("M-Q8_0", ["m-Q8_0.gguf"]),
        ("m-Q8_0.gguf", ["m-Q8_0.gguf"]),
        ("Q6_K", PARTS),
        ("big/big-Q6_K", PARTS),
        (PARTS[1], PARTS),
    ],
)
def test_a_quantisation_or_a_name_means_all_files_of_its_model(
    quant: str, expected: list[str]
) -> None:
    assert chosen(USUAL, quant) == expected
    assert chosen(USUAL[::-1], quant) == expected


def test_an_unknown_quantisation_is_told_what_there_is() -> None:
    with pytest.raises(ModelNotFound, match=r"no 'Q3_K'.*Q6_K \(3\.0 GB\), Q4_K_M \(1\.0 GB\)"):
        chosen(USUAL, "Q3_K")


def test_what_is_no_model_is_never_meant() -> None:
    with pytest.raises(ModelNotFound, match="no 'F16'"):
        chosen(USUAL, "F16")
    for names in (["model.safetensors"], ["mmproj-f16.gguf"], ["../up.gguf", "/etc/x.gguf"]):
        with pytest.raises(ModelNotFound, match="no GGUF files"):
            chosen(names)


def test_several_that_may_be_meant_are_listed() -> None:
    with pytest.raises(InvalidRequest, match=r"neither Q4_K_M nor Q8_0.*Q2_K .*Q3_K ") as found:
        chosen(["m-Q2_K.gguf", "m-Q3_K.gguf"])
    assert found.value.code == "ambiguous_model"
    with pytest.raises(InvalidRequest, match=f"hf:{REPO}:a-Q8_0, hf:{REPO}:x/b-Q8_0") as found:
        chosen(["a-Q8_0.gguf", "x/b-Q8_0.gguf"], "q8_0")
    assert found.value.code == "ambiguous_model"
    assert chosen(["a-Q8_0.gguf", "x/b-Q8_0.gguf"], "x/b-Q8_0") == ["x/b-Q8_0.gguf"]


def test_a_model_with_a_missing_part_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"not all parts of big/big-Q6_K: .*00002-of"):
        chosen([PARTS[0], PARTS[2]], "Q6_K")


@pytest.mark.parametrize(
    ("text", "repo", "quant"),
    [
        ("hf:org/name", "org/name", ""),
        ("hf:Org-1/na.me_x-GGUF:Q4_K_M", "Org-1/na.me_x-GGUF", "Q4_K_M"),
        ("hf:org/name:sub/file-Q8_0.gguf", "org/name", "sub/file-Q8_0.gguf"),
    ],
)
def test_names_of_models_on_the_hub(text: str, repo: str, quant: str) -> None:
    model = parse_model(text)

    assert (model.repo, model.quant, str(model)) == (repo, quant, text)


@pytest.mark.parametrize(
    "text",
    ["", "gpt-4o", "org/name", "hf:name", "hf:org/name:", "hf:org/../x", "hf:a/b/c", "hf:a--b/c",
     "hf:../b", "hf:org/name:a b", f"hf:org/{'x' * 100}", "hf:org/na\nme", "hf:-o/x"],
)  # fmt: skip
def test_names_that_mean_nothing_there(text: str) -> None:
    with pytest.raises(InvalidRequest, match="hf:owner/repo"):
        parse_model(text)
