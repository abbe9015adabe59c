"""Photo in: decoding, orientation, face detection, landmarks, head mask, focal length."""

from .portrait import Portrait

__all__ = ["Portrait"]
