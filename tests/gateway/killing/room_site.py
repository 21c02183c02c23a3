"""The sections of a site file for the room of a love station."""

SITE = """\
modbus:
  - {{ id: box, host: 127.0.0.1, port: {port}, unit: 1, profile: waveshare_io_8ch }}
  - {{ id: meter, host: 127.0.0.1, port: {port}, unit: 2, profile: eastron_sdm120 }}
stations:
  - {{ id: love, name: 爱心驿站, compound: c0 }}
"""
DEVICES = """\
  - id: microwave
    name: 微波炉
    kind: microwave
    compound: c0
    station: love
    at: { modbus: box, relay: 1 }
    points: { power: { modbus: meter } }
    max_on: 30
    session: 5
  - { id: leak, name: 水浸, kind: leak, compound: c0, station: love, at: { modbus: box, input: 3 } }
"""
