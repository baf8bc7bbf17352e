"""Settings: every environment of the repository is valid, and every mistake is one line that says what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_platform.settings import CONFIG_DIRECTORY, Settings, SettingsError, environments, load_settings

DEV = (CONFIG_DIRECTORY / "dev.toml").read_text(encoding="utf-8")


def write(directory: Path, text: str, env: str = "dev") -> Path:
    """A folder `config` below `directory` with one environment file."""
    config = directory / "config"
    config.mkdir(exist_ok=True)
    (config / f"{env}.toml").write_text(text, encoding="utf-8")
    return config


def changed(pattern: str, replacement: str, text: str = DEV) -> str:
    """`text` with the one line that matches `pattern` replaced."""
    result, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
    assert count == 1, f"{pattern} matches {count} lines of dev.toml"
    return result


def message_of(tmp_path: Path, text: str, env: str = "dev") -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(env, write(tmp_path, text, env))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_repository_describes_four_environments() -> None:
    assert environments() == ["dev", "local", "prod", "staging"]


@pytest.mark.parametrize("env", environments())
def test_each_environment_of_the_repository_is_valid(env: str) -> None:
    settings = load_settings(env)
    assert settings.env == env
    assert settings.pipeline_name == f"drawing-platform-{env}-training"
    assert settings.parameter_prefix == f"/drawing-platform/{env}"


def test_the_thresholds_of_the_gate_and_the_learning_rates_are_the_agreed_ones() -> None:
    for env in environments():
        settings = load_settings(env)
        assert (settings.gate.accuracy, settings.gate.max_regression_drop, settings.gate.min_champion_gain) == (
            0.85,
            0.01,
            0.0,
        )
        training = settings.training
        assert (training.initial_learning_rate, training.incremental_learning_rate) == (1e-3, 1e-4)
        assert (training.batch_size, training.replay_ratio, training.freeze_backbone) == (
            8 if env == "local" else 32,
            0.3,
            False,
        )


def test_environments_share_neither_group_nor_endpoint() -> None:
    all_settings = [load_settings(env) for env in environments()]
    assert len({settings.model_package_group for settings in all_settings}) == len(all_settings)
    assert len({settings.endpoint_name for settings in all_settings}) == len(all_settings)


def test_production_is_private_keeps_its_data_and_releases_in_steps() -> None:
    prod = load_settings("prod")
    assert prod.model_package_group == "paddleocr-drawing-models"
    assert (prod.network.mode, prod.storage.removal, prod.release.strategy) == ("private", "retain", "linear")


PROD = (CONFIG_DIRECTORY / "prod.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            changed("^min_instances = 2", "min_instances = 1", PROD),
            "config/prod.toml: autoscaling.min_instances = 1: production serves from at least 2 machines in two zones",
        ),
        (
            PROD.replace("[autoscaling]\nmin_instances = 2\nmax_instances = 6\ninvocations_per_instance = 60\n", ""),
            "config/prod.toml: autoscaling.min_instances = 0: production serves from at least 2 machines in two zones",
        ),
        (
            changed("^mode = .*", 'mode = "public"', PROD),
            "config/prod.toml: network.mode = 'public': production serves in two named zones: write 'private'",
        ),
        (
            changed("^availability_zones = .*", 'availability_zones = ["eu-central-1a"]', PROD),
            "config/prod.toml: network.availability_zones = ['eu-central-1a']: private mode needs two different zones",
        ),
        (
            PROD + "\n[serverless]\nmemory_mb = 4096\nmax_concurrency = 4\n",
            "config/prod.toml: serverless.max_concurrency = 4: leave out [autoscaling]",
        ),
    ],
)
def test_production_never_serves_from_less_than_two_machines_in_two_zones(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert message_of(tmp_path, text, "prod").startswith(expected)


def test_dev_has_no_machine_that_serves_and_waits() -> None:
    dev = load_settings("dev")
    assert dev.serverless is not None
    assert dev.autoscaling is None
    assert dev.asynchronous is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            changed("^memory_mb = .*", "memory_mb = 8192"),
            "config/dev.toml: serverless.memory_mb = 8192: input should be 1024, 2048, 3072, 4096, 5120 or 6144",
        ),
        (
            changed("^mode = .*", 'mode = "private"\navailability_zones = ["eu-central-1a", "eu-central-1b"]'),
            "config/dev.toml: network.mode = 'private': a serverless endpoint knows no VPC: leave out [serverless]",
        ),
        (
            changed("^strategy = .*", 'strategy = "canary"'),
            "config/dev.toml: release.strategy = 'canary': traffic of a serverless endpoint moves all_at_once",
        ),
        (
            changed('^instance = "ml.m5.xlarge"', 'instance = "ml.t3.medium"'),
            "config/dev.toml: asynchronous.instance = 'ml.t3.medium': SageMaker offers no such type for endpoints",
        ),
        (
            changed("^endpoint_name = .*", f'endpoint_name = "{"r" * 58}"'),
            f"config/dev.toml: endpoint_name = '{'r' * 58}': the asynchronous endpoint adds to it: at most 57",
        ),
        (
            changed('^instance = "ml.m5.xlarge"', 'instance = "ml.g5.xlarge"'),
            "config/dev.toml: asynchronous.instance = 'ml.g5.xlarge': a GPU needs an image built for it",
        ),
    ],
)
def test_an_endpoint_without_machines_is_offered_only_what_it_can_do(tmp_path: Path, text: str, expected: str) -> None:
    assert message_of(tmp_path, text).startswith(expected)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings("dev").gate.accuracy = 0.1  # type: ignore[misc]


def test_a_machine_with_a_gpu_needs_an_image_built_for_it(tmp_path: Path) -> None:
    text = changed("^serve = .*", 'serve = "ml.g5.xlarge"')
    assert message_of(tmp_path, text) == (
        "config/dev.toml: instances.serve = 'ml.g5.xlarge': a GPU needs an image built for it: give images.inference "
        "(see containers/inference/Dockerfile)"
    )
    built = text + '\n[images.inference]\nORT_PACKAGE = "onnxruntime-gpu"\n'
    assert load_settings("dev", write(tmp_path, built)).images.inference == {"ORT_PACKAGE": "onnxruntime-gpu"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            DEV.replace("[gate]", "[gate]\nacuracy = 0.9"),
            "config/dev.toml: gate.acuracy = 0.9: unknown key; did you mean 'accuracy'?",
        ),
        (
            DEV.replace('project = "', 'colour = "red"\nproject = "'),
            "config/dev.toml: colour = 'red': unknown key; known are: account, alarms,",
        ),
        (
            DEV.replace("[gate]", "[gate]\naccuracy = 1.5"),
            "config/dev.toml: gate.accuracy = 1.5: input should be less than or equal to 1; correct the value",
        ),
        (
            changed("^epochs = 30", 'epochs = "30"'),
            "config/dev.toml: training.epochs = '30': input should be a valid integer; correct the value",
        ),
        (
            changed("^epochs = 30\n", ""),
            "config/dev.toml: training.epochs: this key is missing; add it",
        ),
        (
            changed("^endpoint_name = .*", f'endpoint_name = "{"r" * 64}"'),
            f"config/dev.toml: endpoint_name = '{'r' * 64}': 64 characters are too many for AWS; shorten it",
        ),
        (
            changed("^model_package_group = .*", f'model_package_group = "{"g" * 64}"'),
            f"config/dev.toml: model_package_group = '{'g' * 64}': 64 characters are too many for AWS; shorten it",
        ),
        (
            DEV.replace("[storage]", f'[storage]\nbucket_name = "{"b" * 64}"'),
            f"config/dev.toml: storage.bucket_name = '{'b' * 64}': 64 characters are too many for AWS; shorten it",
        ),
        (
            DEV.replace("[storage]", '[storage]\nbucket_name = "Drawings"'),
            "config/dev.toml: storage.bucket_name = 'Drawings': string should match pattern",
        ),
        (
            changed("^account = .*", "account = 111111111111"),
            "config/dev.toml: account = 111111111111: input should be a valid string; correct the value",
        ),
        (
            DEV.replace('env = "staging", account', 'env = "staging", acount'),
            "config/dev.toml: promotion.targets.0.acount = '222222222222': unknown key; did you mean 'account'?",
        ),
        (
            DEV.replace('env = "staging", account', 'env = "dev", account'),
            "config/dev.toml: promotion = 'dev': an environment is not promoted to itself: name another one",
        ),
        (
            changed("^train = .*", 'train = "ml.g4dn.xlrge"'),
            "config/dev.toml: instances.train = 'ml.g4dn.xlrge': SageMaker offers no such type for this step; "
            "'ml.g4dn.xlarge' is the nearest",
        ),
        (
            changed("^serve = .*", 'serve = "ml.t3.medium"'),
            "config/dev.toml: instances.serve = 'ml.t3.medium': SageMaker offers no such type for this step;",
        ),
        (
            DEV.replace('strategy = "all_at_once"', 'strategy = "canary"\ncanary_percent = 60'),
            "config/dev.toml: release.canary_percent = 60: input should be less than or equal to 50",
        ),
        (
            changed("^max_execution_seconds = .*", "max_execution_seconds = 599"),
            "config/dev.toml: release.max_execution_seconds = 599: input should be greater than or equal to 600",
        ),
        (
            changed("^max_execution_seconds = .*", "max_execution_seconds = 28_801"),
            "config/dev.toml: release.max_execution_seconds = 28801: input should be less than or equal to 28800",
        ),
        (
            DEV.replace('strategy = "all_at_once"', 'strategy = "linear"\ncanary_percent = 10').replace(
                "bake_seconds = 60", "bake_seconds = 180"
            ),
            "config/dev.toml: release.max_execution_seconds = 1800: linear waits 1800 s in all: raise it above that "
            "or shorten bake_seconds",
        ),
        (
            changed("^spot_max_wait_seconds = .*", "spot_max_wait_seconds = 3600"),
            "config/dev.toml: training.spot_max_wait_seconds = 3600: it includes the run itself: give at least "
            "max_runtime_seconds = 14400",
        ),
        (
            changed("^epochs = 30", "epochs = 30\nmax_seconds = 14_400"),
            "config/dev.toml: training.max_seconds = 14400: stay below max_runtime_seconds = 14400",
        ),
        (
            changed("^max_age_seconds = .*", "max_age_seconds = 60"),
            "config/dev.toml: trigger.max_age_seconds = 60: give at least quiet_seconds = 300",
        ),
        (
            changed("^mode = .*", 'mode = "private"'),
            "config/dev.toml: network.availability_zones = []: private mode needs two different zones",
        ),
        (
            changed("^mode = .*", 'mode = "private"\navailability_zones = ["us-east-1a", "us-east-1b"]'),
            "config/dev.toml: network.availability_zones = 'us-east-1a': name zones of region eu-central-1",
        ),
        (
            DEV + "\n[autoscaling]\nmin_instances = 4\nmax_instances = 2\ninvocations_per_instance = 60\n",
            "config/dev.toml: autoscaling.max_instances = 2: give at least min_instances = 4",
        ),
        (
            DEV + "\n[autoscaling]\nmin_instances = 2\nmax_instances = 4\ninvocations_per_instance = 60\n",
            "config/dev.toml: release.instances = 1: stay between autoscaling.min_instances = 2 and",
        ),
        (
            DEV + "\n[autoscaling]\nmin_instance = 2\nmax_instances = 4\ninvocations_per_instance = 60\n",
            "config/dev.toml: autoscaling.min_instance = 2: unknown key; did you mean 'min_instances'?",
        ),
        (
            changed("^env = .*", 'env = "test"'),
            "config/dev.toml: env = 'test' does not match the file's name; write env = 'dev'",
        ),
        (
            changed("^log_retention_days = .*", "log_retention_days = 31"),
            "config/dev.toml: log_retention_days = 31: input should be 1, 3, 5,",
        ),
        (
            changed("^gold_share = .*", "gold_share = 0.1\nurl_minutes = 16"),
            "config/dev.toml: labelling.url_minutes = 16: input should be less than or equal to 15",
        ),
        (
            changed("^gold_share = .*", 'gold_share = 0.1\npage_scheme = "http"'),
            "config/dev.toml: labelling.page_scheme = 'http': CloudFront serves the page by TLS: write 'https'",
        ),
        (
            changed("^gold_share = .*", 'gold_share = 0.1\npage_connects_to = ["http://localhost:*"]'),
            "config/dev.toml: labelling.page_connects_to = ['http://localhost:*']: the stack knows all",
        ),
        ("env = \n", "config/dev.toml: not valid TOML: Invalid value (at line 1, column 7); correct the file"),
    ],
)
def test_a_mistake_is_one_line_with_file_key_value_and_remedy(tmp_path: Path, text: str, expected: str) -> None:
    assert message_of(tmp_path, text).startswith(expected)


def test_an_unknown_environment_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    config = write(tmp_path, DEV)
    with pytest.raises(SettingsError) as caught:
        load_settings("production", config)
    assert str(caught.value) == "config/production.toml: unknown environment 'production'; choose one of: dev"


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    config = write(tmp_path, DEV)
    (config / "dev.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"^config/dev\.toml: not valid TOML"):
        load_settings("dev", config)


def test_several_mistakes_are_counted(tmp_path: Path) -> None:
    text = DEV.replace("[gate]", "[gate]\naccuracy = 2\nmax_regression_drop = 3")
    assert message_of(tmp_path, text).endswith("(1 more after this)")


@given(name=st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-_.A", max_size=80))
def test_a_group_name_is_accepted_exactly_when_sagemaker_accepts_it(name: str) -> None:
    # botocore's own rule for EntityName.
    valid = len(name) <= 63 and re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name) is not None
    values = load_settings("dev").model_dump() | {"model_package_group": name}
    if valid:
        assert Settings.model_validate(values).model_package_group == name
    else:
        with pytest.raises(ValueError):
            Settings.model_validate(values)


def test_an_embedded_index_is_for_the_account_on_one_machine(tmp_path: Path) -> None:
    assert load_settings("local").search.store == "embedded"
    message = message_of(tmp_path, changed(r"^domain_instance = .*$", 'store = "embedded"'))
    assert message.startswith(
        "config/dev.toml: search.store = 'embedded': functions share a folder on one machine only"
    )


def test_production_indexes_in_two_zones(tmp_path: Path) -> None:
    prod = (CONFIG_DIRECTORY / "prod.toml").read_text(encoding="utf-8")
    message = message_of(tmp_path, changed(r"^zones = 2$", "zones = 1", prod), "prod")
    assert "search.zones = 1: production outlives the loss of a zone" in message


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ('embedders = ["shipped", "shipped"]', "each may stand here once"),
        ('embedders = ["s3://bucket/labels/model.tar.gz"]', "search.embedders.0"),
        ('embedding_instance = "ml.m5.tiny"', "SageMaker offers no such type for endpoints"),
    ],
)
def test_embedders_are_packages_of_ours_on_machines_that_there_are(tmp_path: Path, line: str, part: str) -> None:
    assert part in message_of(tmp_path, changed(r"^domain_instance = .*$", line))
