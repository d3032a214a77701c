"""How long it takes to sell a position without being too much of the market."""

import numpy as np

from tacore.model.history import History, Reals

_LEAST_SPLIT = 0.1


def days_to_liquidate(quantities: Reals, volumes: Reals, volume_share: float) -> Reals:
    """Give the sessions that selling takes at a share of mean volume, shaped (N,); NaN without volume."""
    with np.errstate(divide="ignore", invalid="ignore"):
        days: Reals = np.abs(quantities) / (volume_share * volumes)
    return np.where(volumes > 0, days, np.nan)


def mean_volume(recent: History, sessions: int) -> Reals:
    """Give mean volumes of the newest sessions in today's shares; NaN where there was no session.

    Volumes from before a split are brought to the shares after it. The ratio of raw to adjusted close, which
    tells, also moves with dividends: less than a tenth is taken for one and left alone.
    """
    close = recent.close[:, -sessions:]
    adjusted = recent.adjusted_close[:, -sessions:]
    volume = recent.volume[:, -sessions:]
    if not volume.size:
        return np.full(len(recent.symbols), np.nan)
    ratio = close / adjusted
    known = np.isfinite(ratio)
    last = np.where(known.any(axis=1), ratio.shape[1] - 1 - known[:, ::-1].argmax(axis=1), 0)
    factor = ratio / ratio[np.arange(len(ratio)), last][:, None]
    factor = np.where(np.abs(factor - 1) < _LEAST_SPLIT, 1.0, factor)
    counts = np.isfinite(volume).sum(axis=1)
    totals = np.nansum(volume * np.where(np.isfinite(factor), factor, 1.0), axis=1)
    means: Reals = np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
    return means
