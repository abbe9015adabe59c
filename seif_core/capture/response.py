"""How faces are seen: what the networks' points move by under each key, and how they err, measured on drawn heads.

The networks shrink some movements, spread others, and have a mean face's habits; what they get wrong they get wrong
together. On heads made here, drawn with known weights and turns, it was measured (`tools/measure_landmark_response.py`)
what each key adds to the true movement of a point (`change`), and the covariance of what is left: a few factors that
many points share, and variances of their own. So no point's noise is set by hand, and what is not told by any of them
is known not to be.

Points are numbered as the face mesh's 478 landmarks, then the dense points (`portrait.dense_points`), which are seen on
the Open head alone. Convention: metres, the face upright, x to the subject's left, y up; an iris less the mean of its
lids. Worked number: ``jawOpen`` at 0.7 moves the chin down by about 25 mm, of which the face mesh shows about 17 mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..array_files import ArrayFileError, read_arrays
from ..errors import ModelError
from ..headmodel.landmark_schemes import MEDIAPIPE
from ..resources import vendor_path
from ..shapes import Float, Int


@dataclass(frozen=True, eq=False)
class Response:
    """What was measured; K keys, M points, Q factors.

    Attributes:
        key_names: K names.
        points: (M,) numbers of the points.
        change: (K, M, 2) metres at weight 1, beside what the head's own point moves by.
        factors: (M, 2, Q) metres: their product with itself is the covariance that points share.
        own: (M, 2) variances that are a point's own.
    """

    key_names: tuple[str, ...]
    points: Int[np.ndarray, " M"]
    change: Float[np.ndarray, "K M 2"]
    factors: Float[np.ndarray, "M 2 Q"]
    own: Float[np.ndarray, "M 2"]

    def without_dense(self) -> Response:
        """The same of the face mesh alone."""
        kept = self.points < MEDIAPIPE.count
        return Response(self.key_names, self.points[kept], self.change[:, kept], self.factors[kept], self.own[kept])

    def seen(self, names: tuple[str, ...], moved: Float[np.ndarray, "N M 3"]) -> Float[np.ndarray, "N M 3"]:
        """What is seen of the movements (N, M, 3) that keys of these names give to the points; the depth stays."""
        out = moved.copy()
        for row, name in enumerate(names):
            if name in self.key_names:
                out[row, :, :2] += self.change[self.key_names.index(name)]
        return out


@cache
def measured_response() -> Response:
    """What ships.

    Raises:
        ModelError: the measurements are missing or damaged.
    """
    path = vendor_path("capture", "landmark_response.npz")
    try:
        arrays = read_arrays(path, ("key_names", "points", "change", "factors", "own"))
        change, factors, own = (arrays[name].astype(np.float64) for name in ("change", "factors", "own"))
        return Response(tuple(map(str, arrays["key_names"])), arrays["points"].astype(np.int64), change, factors, own)
    except (OSError, ArrayFileError, KeyError) as error:
        raise ModelError(f"{path.name} is damaged ({error}); install the add-on or package again.") from error
