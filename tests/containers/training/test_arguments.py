from __future__ import annotations

import pytest

from containers.training.arguments import ArgumentsError, parse
from containers.training.evaluate import GateOptions
from containers.training.prepare import PrepareOptions


def test_arguments_become_options() -> None:
    options = parse(PrepareOptions, ["--replay-ratio", "0.5", "--seed", "7"])
    assert (options.replay_ratio, options.val_ratio, options.seed) == (0.5, 0.2, 7)
    assert parse(GateOptions, ["--accuracy-threshold", "0.9"]).accuracy_threshold == 0.9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--replay-ratio", "1.5"], "--replay-ratio 1.5: Input should be less than 1"),
        (["--seed", "x"], "--seed x: Input should be a valid integer"),
        (["--sed", "1"], "unrecognized arguments: --sed 1"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(ArgumentsError) as caught:
        parse(PrepareOptions, arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
