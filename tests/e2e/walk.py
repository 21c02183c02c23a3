"""What a person does in Home Assistant's own pages, in two languages: adds a gateway that was found, automates."""

import asyncio

from playwright.async_api import Page

from .browser import ALL_TEXT
from .home_assistant import HomeAssistant

GAUZE = "纱布 Gauze"

WORDS = {
    "en": {
        "discovered": "Discovered",
        "add": "Add",
        "code": "Pairing code",
        "submit": "Submit",
        "finish": "finish",
        "add_trigger": "Add trigger",
        "save": "Save",
        "create": "Create automation",
        "trigger": "Incident raised",
    },
    "zh-Hans": {
        "discovered": "已发现",
        "add": "添加",
        "code": "配对码",
        "submit": "提交",
        "finish": "完成",
        "add_trigger": "添加触发条件",
        "save": "保存",
        "create": "创建自动化",
        "trigger": "发生警情",
    },
}
"""What the frontend says on its buttons, and what the integration calls its trigger. The last step of a flow says "Skip
and finish" (跳过并完成) once devices without an area are there, "Finish" before: a matter of timing."""

SETTLES = 1500
"""Milliseconds in which a dialog has moved in and taken the focus."""

SAVE = """() => {
  const all = (root, out = []) => {
    for (const item of root.querySelectorAll('*')) { out.push(item); if (item.shadowRoot) all(item.shadowRoot, out); }
    return out;
  };
  const dialog = all(document).find(item => item.localName.endsWith('dialog-automation-save'));
  const button = dialog && all(dialog.shadowRoot).find(
    item => item.localName === 'ha-button' && item.getAttribute('slot') === 'primaryAction');
  if (button) button.click();
  return Boolean(button);
}"""
"""Presses the save dialog's button: it lies in the browser's top layer, where a click by position does not find it."""


async def says(page: Page, text: str) -> None:
    """Wait until the page shows a text."""
    await page.wait_for_function(f"text => ({ALL_TEXT})().includes(text)", arg=text)


async def press(page: Page, text: str) -> None:
    """Press the first button with exactly this text."""
    await page.get_by_role("button", name=text, exact=True).first.click()


async def find_gateway(page: Page, language: str, name: str) -> None:
    """The page of integrations, with the gateway that was found in the network."""
    await page.goto("/config/integrations/dashboard")
    await says(page, WORDS[language]["discovered"])
    await says(page, name)


async def open_pairing(page: Page, language: str, name: str) -> None:
    """The form that asks for the pairing code of this gateway: another one may have been found, too."""
    card = page.locator("ha-config-flow-card", has_text=name)
    await card.get_by_role("button", name=WORDS[language]["add"], exact=True).click()
    await page.get_by_role("button", name=WORDS[language]["submit"]).wait_for()


async def pair(page: Page, language: str, code: str) -> None:
    """Type the code and go through to the end."""
    await page.wait_for_timeout(SETTLES)
    await page.get_by_role("textbox", name=WORDS[language]["code"]).fill(code)
    await press(page, WORDS[language]["submit"])
    await page.get_by_role("button", name=WORDS[language]["finish"]).first.click()


async def choose_trigger(page: Page, language: str) -> None:
    """A new automation with one of the integration's triggers, found by its name."""
    words = WORDS[language]
    await page.goto("/config/automation/edit/new")
    await press(page, words["add_trigger"])
    await page.wait_for_timeout(SETTLES)
    await page.keyboard.type(words["trigger"])
    await page.get_by_text(words["trigger"], exact=True).first.click()
    await says(page, {"en": "Leave empty for all.", "zh-Hans": "留空表示全部。"}[language])


async def save(page: Page, language: str, name: str = "") -> None:
    """Save what is in the editor, under a name if one is given."""
    await press(page, WORDS[language]["save"])
    await page.wait_for_timeout(SETTLES)
    if name:
        await page.keyboard.type(name)
    if not await page.evaluate(SAVE):
        message = "the dialog that saves an automation was not found"
        raise LookupError(message)
    await page.wait_for_function("() => /edit\\/\\d+/.test(location.pathname)")


async def stocked_cabinet(hass: HomeAssistant) -> str:
    """The first-aid cabinet's list, with gauze in it: three there, two needed."""
    async with asyncio.timeout(60):
        while True:
            states = await hass.get("/api/states")
            lists = [
                item["entity_id"] for item in states if item["attributes"].get("friendly_name", "").find("急救箱") >= 0
            ]
            cabinet = next((item for item in lists if item.startswith("todo.")), "")
            if cabinet:
                break
            await asyncio.sleep(0.5)
    item = {"entity_id": cabinet, "item": GAUZE, "description": "3/2"}
    await hass.post("/api/services/todo/add_item", item)
    return cabinet


async def contents(hass: HomeAssistant, cabinet: str) -> dict[str, str]:
    """What is in a cabinet, and whether it was ticked off."""
    answer = await hass.post("/api/services/todo/get_items?return_response", {"entity_id": cabinet})
    items = answer["service_response"][cabinet]["items"]
    return {item["summary"]: item["status"] for item in items}


async def open_list(page: Page, entity_id: str, item: str) -> None:
    """A to-do list, once the item is drawn."""
    await page.goto(f"/todo?entity_id={entity_id}")
    await says(page, item)


async def tick(page: Page) -> None:
    """Tick the list's first item off."""
    await page.locator("hui-todo-list-card ha-checkbox").first.click()


async def choose_blueprint(page: Page, language: str, name: str) -> None:
    """A new automation from a blueprint of the list."""
    await page.goto("/config/automation/dashboard")
    await page.get_by_text(WORDS[language]["create"], exact=True).first.click()
    await page.get_by_text(name).first.click()
    await says(page, "Ring even when silent")
