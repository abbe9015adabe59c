"""FLAME-structured head models: loading, skinning, landmark embeddings, semantics, regions."""

from .model import HeadModel, LandmarkEmbedding, load_head_model
from .topology import JOINT_NAMES, PART_NAMES, REGION_NAMES

__all__ = ["JOINT_NAMES", "PART_NAMES", "REGION_NAMES", "HeadModel", "LandmarkEmbedding", "load_head_model"]
