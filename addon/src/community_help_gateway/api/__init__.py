"""The gateway's HTTP and WebSocket side."""
