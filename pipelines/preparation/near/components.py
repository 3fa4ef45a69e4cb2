"""Connected components of a graph, whole arrays at a time."""

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]


def components(left: Index, right: Index, count: int) -> Index:
    """Return for each of `count` nodes the least node that edges `left[i]`–`right[i]` connect it with.

    Every round hooks the roots of both ends of each edge to the lesser one, and halves the paths to the roots.
    """
    root: Index = np.arange(count, dtype=np.int64)
    while len(left):
        one, other = root[left], root[right]
        apart = one != other
        if not apart.any():
            break
        left, right, one, other = left[apart], right[apart], one[apart], other[apart]
        np.minimum.at(root, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(nearer := root[root], root):
            root = nearer
    return root
