"""Order statistics, scans, counts and other statistics as methods."""

from __future__ import annotations

from minitorch_tensor import (
    counting,
    covariance,
    differences,
    distinct,
    extremes,
    histograms,
    moments,
    nan_reductions,
    norms,
    order_statistics,
    quantiles,
    scans,
)


class StatisticsMethods:
    """Order statistics, scans, counts and other statistics as methods."""

    __slots__ = ()

    aminmax = extremes.aminmax
    dist = norms.dist
    renorm = norms.renorm
    renorm_ = norms.renorm_
    std = moments.std
    var = moments.var
    nanmean = nan_reductions.nanmean
    nansum = nan_reductions.nansum

    kthvalue = order_statistics.kthvalue
    median = order_statistics.median
    mode = order_statistics.mode
    msort = order_statistics.msort
    nanmedian = order_statistics.nanmedian
    nanquantile = quantiles.nanquantile
    quantile = quantiles.quantile

    cummax = scans.cummax
    cummin = scans.cummin
    cumprod_ = scans.cumprod_
    cumsum_ = scans.cumsum_
    diff = differences.diff
    logcumsumexp = scans.logcumsumexp

    bincount = counting.bincount
    corrcoef = covariance.corrcoef
    count_nonzero = counting.count_nonzero
    cov = covariance.cov
    histc = histograms.histc
    histogram = histograms.histogram
    unique = distinct.unique
    unique_consecutive = distinct.unique_consecutive
