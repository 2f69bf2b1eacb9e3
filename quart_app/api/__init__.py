"""JSON, SSE and WebSocket routes, by subject."""
