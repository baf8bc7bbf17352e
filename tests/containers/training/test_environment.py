from __future__ import annotations

from containers.training.environment import missing, wanted


def test_the_switch_for_amd_is_set_on_amd_only() -> None:
    assert wanted("vendor_id : AuthenticAMD")["MKL_DEBUG_CPU_TYPE"] == "5"
    assert wanted("vendor_id : AuthenticAMD\nflags : avx2 avx512f avx512dq")["MKL_DEBUG_CPU_TYPE"] == "7"
    assert "MKL_DEBUG_CPU_TYPE" not in wanted("vendor_id : GenuineIntel\nflags : avx2 avx512f avx512dq")


def test_what_the_job_sets_itself_is_kept() -> None:
    assert "PADDLE_PDX_CPU_NUM_THREADS" not in missing({"PADDLE_PDX_CPU_NUM_THREADS": "8"}, "")


def test_nothing_is_missing_once_everything_is_set() -> None:
    cpu = "vendor_id : AuthenticAMD"
    assert missing(wanted(cpu), cpu) == {}
