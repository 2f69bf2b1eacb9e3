"""Which version this is. The container holds the program without its package, so that nobody else knows."""

VERSION = "0.1.0"
