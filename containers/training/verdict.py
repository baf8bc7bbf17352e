"""The gate's verdict in the log of an Evaluate job."""

from drawing_ocr.evaluation.report import Gate


def tell(gate: Gate) -> None:
    """Prints the figures in one line, and each reason of a refusal in one of its own."""
    print(
        f"accuracy={gate.accuracy:.4f} regression_drop={gate.regression_drop:.4f} "
        f"champion_gain={gate.champion_gain:.4f} passed={gate.passed}",
        *gate.reasons,
        sep="\n",
        flush=True,
    )
