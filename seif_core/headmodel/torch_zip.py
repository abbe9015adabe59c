"""The zip form of ``torch.save`` (PyTorch 1.6 and later), refused where it would not be what its size promises.

It holds one pickle that names storages, ``NAME/data.pkl``, and each storage's bytes as ``NAME/data/KEY``, never
deflated; so its entries together take no more than the file. Source: torch/serialization.py.
"""

from __future__ import annotations

import zipfile
from typing import Final

LARGEST_PICKLE: Final = 1 << 24
"""Bytes of the pickle: 16 MiB; one that describes a network takes about 100 kB, a tracker's frame some kilobytes."""
_MOST_ENTRIES: Final = 65536
"""Entries of an archive: as many as one without ZIP64 has; a network has a few hundred."""


def table_of_tensors(archive: zipfile.ZipFile, size: int) -> zipfile.ZipInfo:
    """The entry that holds the pickle.

    Args:
        archive: the opened file.
        size: bytes of the file.

    Raises:
        ValueError: no file of torch's, or one whose entries take more than the file; the text is a clause.
    """
    infos = archive.infolist()
    if len(infos) > _MOST_ENTRIES or sum(info.file_size for info in infos) > size:
        raise ValueError("its entries take more than the file")
    if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
        raise ValueError("its entries are deflated, as torch never writes them")
    tables = [info for info in infos if info.filename.split("/")[-1] == "data.pkl"]
    if len(tables) != 1 or tables[0].file_size > LARGEST_PICKLE:
        raise ValueError("it holds no table of tensors, or one that is too large")
    return tables[0]
