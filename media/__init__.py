"""Bytes in, files out: object storage, safe intake, and answers rendered as video. Imports nothing of ours."""
