"""A love station as the gateway tells it: room, microwave, water dispenser, leak detector, first-aid cabinet."""

from custom_components.community_help.contract import values
from custom_components.community_help.contract.values import DeviceKind as Device, PointKind as Point


def device(own_id: str, kind: Device, *kinds: Point) -> values.Device:
    """A device of the station."""
    points = tuple(values.Point(f"{own_id}.{item}", item, writable=item is Point.RELAY) for item in kinds)
    return values.Device(own_id, own_id, kind, "bay", "爱心驿站", points=points)


STATION = (
    device("love", Device.STATION, Point.OPEN, Point.TEMPERATURE, Point.DOOR, Point.PEOPLE),
    device("oven", Device.MICROWAVE, Point.RELAY, Point.POWER, Point.ENERGY, Point.RUNNING, Point.ENDS, Point.SESSIONS),
    device(
        "tap",
        Device.WATER_DISPENSER,
        Point.RELAY,
        Point.DISPENSING,
        Point.FILTER_DAYS,
        Point.FILTER_LITRES,
        Point.RUNNING,
        Point.ENDS,
    ),
    device("floor", Device.LEAK, Point.LEAK),
    device("box", Device.FIRST_AID_CABINET, Point.DOOR),
)
