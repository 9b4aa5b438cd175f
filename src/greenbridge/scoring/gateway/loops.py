"""The loops that `kernels` compiles, plain Python until then. Working arrays come in, and their widths with them: a width that the
compiler knew would be unrolled instead of laid side by side.
"""

# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN201, C901, PLR0912  compiled loops: whole, without calls

import numpy as np

DE_BRUIJN = 0x03F79D71B4CB0A89
ZERO = 1e-35  # LightGBM reads smaller magnitudes of a dense row as zero


def margins(x, starts, thresholds, trees, masks, nan_starts, nan_trees, nan_masks, leaves, places, words, values, totals, found):
    """Fill `found` with the sum of the leaves that each row ends in: QuickScorer over `words.shape[1]` rows at a time."""
    n_trees, n_features, n, lanes = leaves.shape[0], x.shape[1], x.shape[0], words.shape[1]
    full, one, shift, magic = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(1), np.uint64(58), np.uint64(DE_BRUIJN)
    for begin in range(0, n, lanes):
        size = min(lanes, n - begin)
        words[:] = full
        for feature in range(n_features):
            most, unknown = -np.inf, False
            for j in range(lanes):
                value = x[begin + min(j, size - 1), feature]  # the last row again where rows run out
                if np.isnan(value):
                    unknown = True
                elif -ZERO <= value <= ZERO:
                    value = 0.0
                values[j] = value
                most = max(most, value) if value == value else most  # noqa: PLR0124  not NaN
            for node in range(starts[feature], starts[feature + 1]):
                threshold, mask = thresholds[node], masks[node]
                if most <= threshold:
                    break
                word = words[trees[node]]
                for j in range(lanes):
                    word[j] &= mask if values[j] > threshold else full
            if unknown:
                for j in range(lanes):
                    if np.isnan(values[j]):
                        for node in range(nan_starts[feature], nan_starts[feature + 1]):
                            words[nan_trees[node], j] &= nan_masks[node]
        totals[:] = 0.0
        for tree in range(n_trees):
            for j in range(lanes):
                left = words[tree, j]
                lowest = left & (~left + one)
                totals[j] += leaves[tree, places[(lowest * magic) >> shift]]
        found[begin : begin + size] = totals[:size]


def contributions(
    x, starts, features, thresholds, goes_left, nan_left, parents, same, values, ratios, shares, down, up, follows, columns, sums, found
):
    """Fill `found` with Shapley values: down each tree the product over a path's features at every node of the quadrature, up again
    the sum over the leaves, of which each edge's feature takes its share. `follows` is 1 where a row keeps to the feature's path.
    """
    n, n_features, n_nodes, lanes, block = x.shape[0], x.shape[1], down.shape[1], down.shape[2], columns.shape[1]
    for begin in range(0, n, block):
        size = min(block, n - begin)
        for feature in range(n_features):
            for j in range(block):
                value = x[begin + min(j, size - 1), feature]
                columns[feature, j] = 0.0 if -ZERO <= value <= ZERO else value
        sums[:] = 0.0
        for tree in range(starts.shape[0] - 1):
            first, edges = starts[tree], starts[tree + 1] - starts[tree]
            for lane in range(0, size, lanes):
                for slot in range(1, edges + 1):
                    edge = first + slot - 1
                    threshold, worth = thresholds[edge], values[edge]
                    inside = 1.0 if goes_left[edge] else 0.0
                    unknown = 1.0 if nan_left[edge] == goes_left[edge] else 0.0
                    column, above, own = columns[features[edge], lane : lane + lanes], follows[same[edge]], follows[slot]
                    for j in range(lanes):
                        value = column[j]
                        goes = unknown if value != value else (inside if value <= threshold else 1.0 - inside)  # noqa: PLR0124
                        own[j] = above[j] * goes
                    for q in range(n_nodes):
                        left, leaves_, keeps = ratios[edge, 0, q], ratios[edge, 1, q], ratios[edge, 2, q]
                        source, target, lifted = down[parents[edge], q], down[slot, q], up[slot, q]
                        for j in range(lanes):
                            target[j] = source[j] * (keeps if own[j] > 0.0 else (leaves_ if above[j] > 0.0 else left))
                        for j in range(lanes):
                            lifted[j] = target[j] * worth
                for slot in range(edges, 0, -1):
                    edge = first + slot - 1
                    above, own, total = follows[same[edge]], follows[slot], sums[features[edge], lane : lane + lanes]
                    for q in range(n_nodes):
                        leaves_, keeps = shares[edge, 1, q], shares[edge, 2, q]
                        lifted, higher = up[slot, q], up[parents[edge], q]
                        for j in range(lanes):
                            total[j] += lifted[j] * (keeps if own[j] > 0.0 else (leaves_ if above[j] > 0.0 else 0.0))
                        for j in range(lanes):
                            higher[j] += lifted[j]
        for j in range(size):
            for feature in range(n_features):
                found[begin + j, feature] = sums[feature, j]
