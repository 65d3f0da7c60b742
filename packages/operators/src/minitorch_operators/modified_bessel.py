"""The modified Bessel functions of the first kind: I0 and I1, which grow like exp(x) / sqrt(x).

Without the exponential (i0e, i1e) each is smooth, so a short sum of Chebyshev polynomials gives it:
one up to 8, and one in 1 / x beyond. The sums are taken by Clenshaw's recurrence, the smallest
coefficient first: b_k = t b_(k+1) - b_(k+2) + c_k, and in the end (b_0 - b_2) / 2.

The coefficients are those of Moshier's Cephes library (https://www.netlib.org/cephes, i0.c, i1.c).
"""

from minitorch_operators import ieee
from minitorch_operators.comparison import le, where
from minitorch_operators.record import Unary, V
from minitorch_operators.rounding import abs, sign

_EPS = 2.220446049250313e-16


def _i0e_small(t: float) -> float:
    """exp(-x) I0(x) for x = 2 t + 4 up to 8."""
    a = -4.4153416464793395e-18
    b = t * a + 3.3307945188222384e-17
    a = t * b - a - 2.431279846547955e-16
    b = t * a - b + 1.715391285555133e-15
    a = t * b - a - 1.1685332877993451e-14
    b = t * a - b + 7.676185498604936e-14
    a = t * b - a - 4.856446783111929e-13
    b = t * a - b + 2.95505266312964e-12
    a = t * b - a - 1.726826291441556e-11
    b = t * a - b + 9.675809035373237e-11
    a = t * b - a - 5.189795601635263e-10
    b = t * a - b + 2.6598237246823866e-09
    a = t * b - a - 1.300025009986248e-08
    b = t * a - b + 6.046995022541919e-08
    a = t * b - a - 2.670793853940612e-07
    b = t * a - b + 1.1173875391201037e-06
    a = t * b - a - 4.4167383584587505e-06
    b = t * a - b + 1.6448448070728896e-05
    a = t * b - a - 5.754195010082104e-05
    b = t * a - b + 0.00018850288509584165
    a = t * b - a - 0.0005763755745385824
    b = t * a - b + 0.0016394756169413357
    a = t * b - a - 0.004324309995050576
    b = t * a - b + 0.010546460394594998
    a = t * b - a - 0.02373741480589947
    b = t * a - b + 0.04930528423967071
    a = t * b - a - 0.09490109704804764
    b = t * a - b + 0.17162090152220877
    a = t * b - a - 0.3046826723431984
    return 0.5 * (t * a + 0.6767952744094761) - b


def _i0e_large(t: float) -> float:
    """exp(-x) I0(x) sqrt(x) for x = 32 / (t + 2) from 8."""
    a = -7.233180487874754e-18
    b = t * a - 4.830504485944182e-18
    a = t * b - a + 4.46562142029676e-17
    b = t * a - b + 3.461222867697461e-17
    a = t * b - a - 2.8276239805165836e-16
    b = t * a - b - 3.425485619677219e-16
    a = t * b - a + 1.7725601330565263e-15
    b = t * a - b + 3.8116806693526224e-15
    a = t * b - a - 9.554846698828307e-15
    b = t * a - b - 4.150569347287222e-14
    a = t * b - a + 1.54008621752141e-14
    b = t * a - b + 3.8527783827421426e-13
    a = t * b - a + 7.180124451383666e-13
    b = t * a - b - 1.7941785315068062e-12
    a = t * b - a - 1.3215811840447713e-11
    b = t * a - b - 3.1499165279632416e-11
    a = t * b - a + 1.1889147107846439e-11
    b = t * a - b + 4.94060238822497e-10
    a = t * b - a + 3.3962320257083865e-09
    b = t * a - b + 2.266668990498178e-08
    a = t * b - a + 2.0489185894690638e-07
    b = t * a - b + 2.8913705208347567e-06
    a = t * b - a + 6.889758346916825e-05
    b = t * a - b + 0.0033691164782556943
    return 0.5 * (t * b + 0.8044904110141088) - a


def _i1e_small(t: float) -> float:
    """exp(-x) I1(x) / x for x = 2 t + 4 up to 8."""
    a = 2.7779141127610464e-18
    b = t * a - 2.111421214358166e-17
    a = t * b - a + 1.5536319577362005e-16
    b = t * a - b - 1.1055969477353862e-15
    a = t * b - a + 7.600684294735408e-15
    b = t * a - b - 5.042185504727912e-14
    a = t * b - a + 3.223793365945575e-13
    b = t * a - b - 1.9839743977649436e-12
    a = t * b - a + 1.1736186298890901e-11
    b = t * a - b - 6.663489723502027e-11
    a = t * b - a + 3.625590281552117e-10
    b = t * a - b - 1.8872497517228294e-09
    a = t * b - a + 9.381537386495773e-09
    b = t * a - b - 4.445059128796328e-08
    a = t * b - a + 2.0032947535521353e-07
    b = t * a - b - 8.568720264695455e-07
    a = t * b - a + 3.4702513081376785e-06
    b = t * a - b - 1.3273163656039436e-05
    a = t * b - a + 4.781565107550054e-05
    b = t * a - b - 0.00016176081582589674
    a = t * b - a + 0.0005122859561685758
    b = t * a - b - 0.0015135724506312532
    a = t * b - a + 0.004156422944312888
    b = t * a - b - 0.010564084894626197
    a = t * b - a + 0.024726449030626516
    b = t * a - b - 0.05294598120809499
    a = t * b - a + 0.1026436586898471
    b = t * a - b - 0.17641651835783406
    return 0.5 * (t * b + 0.25258718644363365) - a


def _i1e_large(t: float) -> float:
    """exp(-x) I1(x) sqrt(x) for x = 32 / (t + 2) from 8."""
    a = 7.517296310842105e-18
    b = t * a + 4.414348323071708e-18
    a = t * b - a - 4.6503053684893586e-17
    b = t * a - b - 3.209525921993424e-17
    a = t * b - a + 2.96262899764595e-16
    b = t * a - b + 3.3082023109209285e-16
    a = t * b - a - 1.8803547755107825e-15
    b = t * a - b - 3.8144030724370075e-15
    a = t * b - a + 1.0420276984128802e-14
    b = t * a - b + 4.272440016711951e-14
    a = t * b - a - 2.1015418427726643e-14
    b = t * a - b - 4.0835511110921974e-13
    a = t * b - a - 7.198551776245908e-13
    b = t * a - b + 2.0356285441470896e-12
    a = t * b - a + 1.4125807436613782e-11
    b = t * a - b + 3.2526035830154884e-11
    a = t * b - a - 1.8974958123505413e-11
    b = t * a - b - 5.589743462196584e-10
    a = t * b - a - 3.835380385964237e-09
    b = t * a - b - 2.6314688468895196e-08
    a = t * b - a - 2.512236237870209e-07
    b = t * a - b - 3.882564808877691e-06
    a = t * b - a - 0.00011058893876262371
    b = t * a - b - 0.009761097491361469
    return 0.5 * (t * b + 0.7785762350182801) - a


def _i0e(x: float) -> float:
    """`exp(-|x|) * i0(x)`, which does not overflow."""
    w = ieee.fabs(x)
    large = ieee.div(_i0e_large(ieee.div(32.0, w) - 2.0), ieee.sqrt(w))
    return _i0e_small(0.5 * w - 2.0) if w <= 8.0 else large


def _i0e_vjp(g: V, x: V, y: V) -> V:
    return g * (i1e(x) - sign(x) * y)


def _i0(x: float) -> float:
    """The modified Bessel function of the first kind of order 0."""
    return ieee.exp(ieee.fabs(x)) * _i0e(x)


def _i0_vjp(g: V, x: V, y: V) -> V:
    return g * i1(x)


def _i1e(x: float) -> float:
    """`exp(-|x|) * i1(x)`, which does not overflow."""
    w = ieee.fabs(x)
    large = ieee.div(_i1e_large(ieee.div(32.0, w) - 2.0), ieee.sqrt(w))
    y = _i1e_small(0.5 * w - 2.0) * w if w <= 8.0 else large
    return -y if x < 0.0 else y


def _i1e_vjp(g: V, x: V, y: V) -> V:
    # Near 0 the quotient y / x is 1/2.
    slope = i0e(x) - abs(y) - y / where(le(abs(x), _EPS), 1.0, x)
    return g * where(le(abs(x), _EPS), 0.5, slope)


def _i1(x: float) -> float:
    """The modified Bessel function of the first kind of order 1."""
    return ieee.exp(ieee.fabs(x)) * _i1e(x)


def _i1_vjp(g: V, x: V, y: V) -> V:
    slope = i0(x) - y / where(le(abs(x), _EPS), 1.0, x)
    return g * where(le(abs(x), _EPS), 0.5, slope)


i0 = Unary("i0", _i0, _i0_vjp, needs="x", result="float")
i0e = Unary("i0e", _i0e, _i0e_vjp, needs="xy", result="float")
i1 = Unary("i1", _i1, _i1_vjp, needs="xy", result="float")
i1e = Unary("i1e", _i1e, _i1e_vjp, needs="xy", result="float")
