"""Keeping calls: a Matroska file of everything as it was received, and the same call again from that file."""
