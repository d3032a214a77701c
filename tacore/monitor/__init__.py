"""The monitor: a service's state over HTTP, for browsers, scripts and Prometheus."""
