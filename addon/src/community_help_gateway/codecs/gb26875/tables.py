"""Tables of GB/T 26875.3-2011 in words: table 5 (component types) and table 6 (analog quantities)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """One analog quantity: its unit, and what one step of the sent number is worth in it."""

    chinese: str
    english: str
    unit: str
    step: float


ANALOG = {
    1: Quantity("事件计数", "event count", "件", 1),
    2: Quantity("高度", "height", "m", 0.01),
    3: Quantity("温度", "temperature", "°C", 0.1),
    4: Quantity("压力", "pressure", "MPa", 0.1),
    5: Quantity("压力", "pressure", "kPa", 0.1),
    6: Quantity("气体浓度", "gas concentration", "%LEL", 0.1),
    7: Quantity("时间", "time", "s", 1),
    8: Quantity("电压", "voltage", "V", 0.1),
    9: Quantity("电流", "current", "A", 0.1),
    10: Quantity("流量", "flow", "L/s", 0.1),
    11: Quantity("风量", "air volume", "m³/min", 0.1),
    12: Quantity("风速", "wind speed", "m/s", 1),
}
"""Table 6; 0 is unused, 13 to 127 reserved, 128 to 255 the user's."""

COMPONENTS = {
    0: ("通用", "generic"),
    1: ("火灾报警控制器", "fire alarm control unit"),
    10: ("可燃气体探测器", "combustible gas detector"),
    11: ("点型可燃气体探测器", "point combustible gas detector"),
    12: ("独立式可燃气体探测器", "standalone combustible gas detector"),
    23: ("手动火灾报警按钮", "manual call point"),
    24: ("消火栓按钮", "hydrant button"),
    25: ("火灾探测器", "fire detector"),
    30: ("感温火灾探测器", "heat detector"),
    40: ("感烟火灾探测器", "smoke detector"),
    41: ("点型离子感烟火灾探测器", "ionisation smoke detector"),
    42: ("点型光电感烟火灾探测器", "optical smoke detector"),
    74: ("气体探测器", "gas detector"),
    85: ("输入模块", "input module"),
    121: ("警报装置", "alarm device"),
}
"""Table 5, the part that compounds use."""
