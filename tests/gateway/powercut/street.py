"""Twenty transmission devices with two smoke alarms each, and what they say."""

import itertools
from collections import Counter
from copy import replace

from community_help_gateway.codecs.gb26875 import Command, Frame, units
from community_help_gateway.codecs.gb26875.status import ComponentStatus
from community_help_gateway.simulators.transmitter import Part, Transmitter
from tests.gateway.powercut.verdict import Said

DEVICES = 20
PER_BUILDING = 5
FIRST_ADDRESS = 5001


def site() -> str:
    """The site file: four buildings, five devices in each, two smoke alarms to a device."""
    where = [f"compound: bay, building: {number // PER_BUILDING + 1}号楼" for number in range(DEVICES)]
    lines = [
        "version: 1",
        "compounds: [{ id: bay, name: 清水湾 }]",
        "staff: [{ id: zhang, name: 张三 }]",
        "transmitters:",
        *(
            f"  - {{ id: t{number}, name: 用传, {place}, address: {FIRST_ADDRESS + number} }}"
            for number, place in enumerate(where)
        ),
        "devices:",
    ]
    for number, alarm in itertools.product(range(DEVICES), (1, 2)):
        at = f"at: {{ transmitter: t{number}, zone: 1, position: {alarm} }}"
        flat = f"floor: {number % PER_BUILDING + 1}, flat: {number}0{alarm}"
        lines.append(f"  - {{ id: s{number}-{alarm}, name: 烟感, kind: smoke_alarm, {where[number]}, {flat}, {at} }}")
    return "\n".join(lines)


class Street:
    """The devices. ``said`` is every frame that was ever sent, by its serial."""

    def __init__(self) -> None:
        """Nothing has been said."""
        self.said: dict[int, Said] = {}
        self.frames: dict[int, tuple[int, Frame]] = {}
        self._serials = itertools.count(1)
        self._words: Counter[str] = Counter()
        self._episodes: Counter[str] = Counter()
        self._links: dict[int, Transmitter] = {}

    async def connect(self, port: int, numbers: range) -> None:
        """Connect these devices."""
        for number in numbers:
            self._links[number] = await Transmitter.connect("127.0.0.1", port, FIRST_ADDRESS + number)

    async def disconnect(self) -> None:
        """Cut every link."""
        links, self._links = self._links, {}
        for link in links.values():
            await link.close()

    async def fire(self, number: int, alarm: int) -> int:
        """A smoke alarm goes off and is confirmed; the serial."""
        return await self._say(self._next(number, alarm, ComponentStatus.FIRE))

    async def restore(self, number: int, alarm: int) -> int:
        """It says that all is well again and is confirmed; the serial."""
        return await self._say(self._next(number, alarm, ComponentStatus.NORMAL))

    async def again(self, serial: int) -> None:
        """The device sends the very same frame again, and gets a confirmation again."""
        await self._say(serial)

    async def repeat(self, serial: int) -> int:
        """The device says the same in a new frame."""
        number, frame = self.frames[serial]
        new = next(self._serials)
        self.said[new] = replace(self.said[serial], serial=new)
        self.frames[new] = (number, replace(frame, serial=new))
        return await self._say(new)

    def _next(self, number: int, alarm: int, status: ComponentStatus) -> int:
        point, fire = f"s{number}-{alarm}.smoke", status is ComponentStatus.FIRE
        self._words[point] += 1
        self._episodes[point] += fire
        serial, link = next(self._serials), self._links[number]
        said = Said(serial, point, self._words[point], self._episodes[point], fire)
        self.said[serial] = said
        component = link.component(Part(1, alarm), status, None)
        self.frames[serial] = (number, replace(link.frame(units.encode((component,))), serial=serial))
        return serial

    async def _say(self, serial: int) -> int:
        number, frame = self.frames[serial]
        reply = await self._links[number].exchange(frame)
        assert reply.command == Command.CONFIRM
        return serial

    def newest(self, numbers: range) -> list[int]:
        """The serials of the last frame of each of these devices."""
        return list({number: serial for serial, (number, _) in self.frames.items() if number in numbers}.values())
