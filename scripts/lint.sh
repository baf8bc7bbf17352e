#!/usr/bin/env bash
# Every static check; all of them run even when an early one finds something, so that one run shows everything.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
failed=()

check() {  # check NAME COMMAND...
    local name=$1 started=$SECONDS
    shift
    if "$@" >/tmp/lint.$$ 2>&1; then
        printf '  %-14s ok    %3ds\n' "$name" $((SECONDS - started))
    else
        printf '  %-14s FAIL  %3ds\n' "$name" $((SECONDS - started))
        cat /tmp/lint.$$
        failed+=("$name")
    fi
    rm -f /tmp/lint.$$
}

templates=cdk.out/lint
synthesise() { rm -rf "$templates" && CDK_OUTDIR=$templates DRAWING_ENV=all python app.py; }
all_templates() { find "$templates" -name '*.template.json' ! -name '*.assets.json' | sort; }
cfn_lint() { all_templates | xargs .venv-lint/bin/cfn-lint --non-zero-exit-code warning; }
run_checkov() { .venv-lint/bin/checkov --quiet --compact --config-file .checkov.yaml --directory "$templates"; }

check ruff ruff check .
check format ruff format --check .
check mypy mypy drawing_ocr cli emulator constructs/drawing_platform stacks lambda containers app.py benchmarks tests
check annotator npm --prefix web/annotator run --silent check
check hadolint hadolint containers/training/Dockerfile containers/inference/Dockerfile
check "synth+nag" synthesise
check cfn-lint cfn_lint
check checkov run_checkov

if [ ${#failed[@]} -gt 0 ]; then
    printf 'lint: %s failed\n' "${failed[*]}" >&2
    exit 1
fi
