"""What an operator sees of a service, for web page, terminal screen and command line alike."""
