"""One file per RPC method."""
