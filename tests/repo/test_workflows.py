"""What is checked in public, and what a release holds."""

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yaml"))


def steps(name: str) -> list[dict[str, Any]]:
    """All steps of all jobs of a workflow."""
    jobs = yaml.safe_load((ROOT / f".github/workflows/{name}.yaml").read_text("utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize(
    "action",
    ["home-assistant/actions/hassfest", "hacs/action", "frenck/action-addon-linter", ".ci/run", "scripts/coverage"],
)
def test_the_platforms_own_checks_and_ours_run_in_public(action: str) -> None:
    """The real ones decide, not our restatements; none may fail unnoticed."""
    found = [step for step in steps("validate") if action in (step.get("uses", "").split("@")[0], step.get("run"))]
    assert len(found) == 1
    assert not found[0].get("continue-on-error")
    assert "if" not in found[0]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflows_need_no_secret_and_trust_no_text(file: Path) -> None:
    """Strangers' titles and tags never become part of a shell command, and their code never gets more rights."""
    text = file.read_text("utf-8")
    assert "secrets." not in text
    assert "pull_request_target" not in text
    assert "permissions" in yaml.safe_load(text)
    for step in steps(file.stem):
        assert not re.search(r"\$\{\{", step.get("run", "")), step


def test_a_release_is_what_the_marketplace_unpacks(tmp_path: Path) -> None:
    """The workflow's own command, run here: the folder's content at the root of the file that hacs.json names."""
    if shutil.which("zip") is None:
        pytest.skip("zip is not installed here; the public runners have it")
    (command,) = (step["run"] for step in steps("release") if "zip -r" in step.get("run", ""))
    subprocess.run(
        command, shell=True, cwd=ROOT, env={"GITHUB_WORKSPACE": str(tmp_path), "PATH": "/usr/bin:/bin"}, check=True
    )
    named = json.loads((ROOT / "hacs.json").read_text("utf-8"))["filename"]
    with zipfile.ZipFile(tmp_path / named) as archive:
        names = archive.namelist()
    assert {"manifest.json", "translations/zh-Hans.json", "brand/icon.png", "quality_scale.yaml"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]
    attached = [step["run"] for step in steps("release") if "gh release upload" in step.get("run", "")]
    assert attached
    assert attached[0].endswith(f" {named}")
