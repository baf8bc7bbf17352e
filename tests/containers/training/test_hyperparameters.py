from __future__ import annotations

import json
from pathlib import Path

import pytest

from containers.training.hyperparameters import HyperparameterError, read_options
from drawing_ocr.training.options import TrainingOptions


def written(folder: Path, **values: str) -> Path:
    path = folder / "hyperparameters.json"
    path.write_text(json.dumps(values), "utf-8")
    return path


def test_strings_become_options(tmp_path: Path) -> None:
    path = written(
        tmp_path, learning_rate="0.0002", epochs="3", freeze_backbone="true", batch_size='"16"', sagemaker_program="x"
    )
    assert read_options(path, TrainingOptions) == TrainingOptions(
        learning_rate=2e-4, epochs=3, freeze_backbone=True, batch_size=16
    )


def test_every_hyperparameter_of_the_contract_is_known(tmp_path: Path) -> None:
    path = written(
        tmp_path, target="recogniser", learning_rate="0.0001", head_learning_rate="0.001", epochs="40",
        max_seconds="150", batch_size="32", freeze_backbone="false", seed="17", processes="2", warmup_ratio="0.05",
        early_stop_patience="5", synthetic_ratio="0.25", max_regression_drop="0.01",
    )  # fmt: skip
    assert read_options(path, TrainingOptions).max_seconds == 150


@pytest.mark.parametrize(
    ("name", "value", "range_"),
    [
        ("batch_size", "0", ">= 1 and <= 1024"),
        ("learning_rate", "7", "> 0 and <= 0.1"),
        ("epochs", "many", ">= 1 and <= 1000"),
        ("synthetic_ratio", "1", ">= 0 and < 1"),
    ],
)
def test_a_value_out_of_range_is_one_line_with_name_value_and_range(
    tmp_path: Path, name: str, value: str, range_: str
) -> None:
    with pytest.raises(HyperparameterError) as caught:
        read_options(written(tmp_path, **{name: value}), TrainingOptions)
    assert f"hyperparameter {name} = '{value}'" in str(caught.value)
    assert f"(allowed: {range_})" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_misspelt_name_is_told_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(HyperparameterError, match="lerning_rate is not known: did you mean learning_rate"):
        read_options(written(tmp_path, lerning_rate="0.1"), TrainingOptions)


def test_another_target_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HyperparameterError, match="hyperparameter target = 'detector'"):
        read_options(written(tmp_path, target="detector"), TrainingOptions)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hyperparameters.json").write_text("{", "utf-8")
    with pytest.raises(HyperparameterError, match="not JSON"):
        read_options(tmp_path / "hyperparameters.json", TrainingOptions)
