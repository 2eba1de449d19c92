"""The realtime service: rules, actions, store, sockets and pages."""

__version__ = "0.1.0"
