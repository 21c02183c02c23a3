"""The quality scale's rules about documents: the section is there in both languages and says something."""

import re

from tests.repo.scale import Integration, rule

SECTIONS: dict[str, list[tuple[str, str, str]]] = {
    "docs-configuration-parameters": [("docs/install", "What the forms ask", "表单中的字段")],
    "docs-data-update": [("docs/entities", "How data is updated", "数据如何更新")],
    "docs-examples": [("docs/automations", "Examples", "示例")],
    "docs-high-level-description": [("README", "Community Help", "社区来帮忙")],
    "docs-installation-instructions": [
        ("docs/install", "The integration from the store", "从商店安装集成"),
        ("docs/install", "The integration by hand", "手动安装集成"),
    ],
    "docs-installation-parameters": [("docs/install", "What the forms ask", "表单中的字段")],
    "docs-known-limitations": [("docs/troubleshooting", "Known limitations", "已知限制")],
    "docs-removal-instructions": [("docs/install", "Removal", "卸载")],
    "docs-supported-devices": [("docs/devices", "What becomes which entity", "哪种设备有哪些实体")],
    "docs-supported-functions": [("docs/entities", "What each device shows", "每种设备显示什么")],
    "docs-troubleshooting": [("docs/troubleshooting", "Troubleshooting", "故障排查")],
    "docs-use-cases": [("README", "What it is used for", "用途")],
}
"""Rule: documents (without their language), and the headings, without what stands in brackets, in both languages."""

LEAST = 60
"""Characters that a section has at least; a heading over nothing is no documentation (project's choice)."""


def section(it: Integration, document: str, heading: str) -> str:
    """The text below a heading, up to the next one."""
    found = re.search(
        rf"^#+ {re.escape(heading)}(?: \(.*\)|（.*）)?\n((?:(?!#+ ).*\n?)*)", it.text(document), re.MULTILINE
    )
    assert found, f"{document}: no section {heading}"
    assert len(found[1].strip()) >= LEAST, f"{document}: {heading} says nothing"
    return found[1]


def _register(name: str, places: list[tuple[str, str, str]]) -> None:
    def check(it: Integration) -> None:
        for document, english, chinese in places:
            section(it, f"{document}.md", english)
            section(it, f"{document}.zh-Hans.md", chinese)

    rule(name)(check)


for _name, _places in SECTIONS.items():
    _register(_name, _places)


def _named(it: Integration, file: str, english: str, chinese: str) -> None:
    """Each key of a YAML file stands in its section, in both languages; so do its fields."""
    for document, heading in (("docs/automations.md", english), ("docs/automations.zh-Hans.md", chinese)):
        text = section(it, document, heading)
        for key in it.yaml(file):
            assert re.search(rf"`(community_help\.)?{key}`", text), f"{document}: {key}"


@rule("docs-actions")
def _actions(it: Integration) -> None:
    _named(it, "services.yaml", "Actions", "动作")
    for document in ("docs/automations.md", "docs/automations.zh-Hans.md"):
        text = it.text(document)
        for action in it.yaml("services.yaml").values():
            for name in action["fields"]:
                assert f"`{name}`" in text, f"{document}: {name}"


@rule("docs-triggers")
def _triggers(it: Integration) -> None:
    _named(it, "triggers.yaml", "Triggers", "触发器")


@rule("docs-conditions")
def _conditions(it: Integration) -> None:
    _named(it, "conditions.yaml", "Conditions", "条件")
