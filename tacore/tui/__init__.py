"""The terminal screen, `tacore top`."""
