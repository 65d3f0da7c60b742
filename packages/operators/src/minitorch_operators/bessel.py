"""The Bessel functions of orders 0 and 1: the waves of a drum, a power series up to 5.

Up to 5 they are ratios of polynomials, with the first two zeros of J taken out so that it keeps its
digits there. Beyond 5 they are a cosine and a sine of x - pi/4 (or 3 pi/4), each times a ratio of
polynomials in (5/x)**2 that tends to 1 and 0, over sqrt(x).

The coefficients are those of Moshier's Cephes library (https://www.netlib.org/cephes, j0.c, j1.c).
PyTorch has them too, but leaves out the leading 1 of some denominators: so it is off by up to 1e-5
around 5, where these functions are not. They have no rule, for PyTorch does not differentiate them.
"""

from minitorch_operators import ieee
from minitorch_operators.record import Unary

_2_PI = 0.6366197723675814
_SQRT2_PI = 0.7978845608028654
_PI_4 = 0.7853981633974483
_3PI_4 = 2.356194490192345
_INF = float("inf")
_NAN = float("nan")


def _j0_small_p(z: float) -> float:
    """The numerator of J0 up to 5, without its zeros."""
    p = -4794432209.782018 * z + 1956174919465.5657
    p = p * z - 249248344360967.72
    return p * z + 9708622510473064.0


def _j0_small_q(z: float) -> float:
    """Its denominator."""
    p = z + 499.563147152651
    p = p * z + 173785.4016763747
    p = p * z + 48440965.83399621
    p = p * z + 11185553704.535683
    p = p * z + 2112775201154.892
    p = p * z + 310518229857422.56
    p = p * z + 3.1812195594320496e16
    return p * z + 1.7108629408104315e18


def _y0_small_p(z: float) -> float:
    """The numerator of Y0 up to 5, without its logarithm."""
    p = 15592.436785523574 * z - 14663929.59039716
    p = p * z + 5435264770.518765
    p = p * z - 982136065717.9115
    p = p * z + 87590639439536.7
    p = p * z - 3466283033847297.0
    p = p * z + 4.4273326857256984e16
    return p * z - 1.8495080043698668e16


def _y0_small_q(z: float) -> float:
    """Its denominator."""
    p = z + 1041.2835366425984
    p = p * z + 626107.330137135
    p = p * z + 268919633.39381415
    p = p * z + 86400248710.3935
    p = p * z + 20297961275010.555
    p = p * z + 3171577528429750.5
    return p * z + 2.5059625617265306e17


def _even0_p(z: float) -> float:
    """The numerator of the first factor of order 0 beyond 5."""
    p = 0.0007969367292973471 * z + 0.08283523921074408
    p = p * z + 1.239533716464143
    p = p * z + 5.447250030587687
    p = p * z + 8.74716500199817
    p = p * z + 5.303240382353949
    return p * z + 1.0


def _even0_q(z: float) -> float:
    """Its denominator."""
    p = 0.0009244088105588637 * z + 0.08562884743544745
    p = p * z + 1.2535274390105895
    p = p * z + 5.470977403304171
    p = p * z + 8.761908832370695
    p = p * z + 5.306052882353947
    return p * z + 1.0


def _odd0_p(z: float) -> float:
    """The numerator of the second factor of order 0 beyond 5."""
    p = -0.011366383889846916 * z - 1.2825271867050931
    p = p * z - 19.553954425773597
    p = p * z - 93.20601521237683
    p = p * z - 177.68116798048806
    p = p * z - 147.07750515495118
    p = p * z - 51.41053267665993
    return p * z - 6.050143506007285


def _odd0_q(z: float) -> float:
    """Its denominator."""
    p = z + 64.3178256118178
    p = p * z + 856.4300259769806
    p = p * z + 3882.4018360540163
    p = p * z + 7240.467741956525
    p = p * z + 5930.727011873169
    p = p * z + 2062.0933166032783
    return p * z + 242.0057402402914


def _j1_small_p(z: float) -> float:
    """The numerator of J1 up to 5, without its zeros."""
    p = -899971225.7055594 * z + 452228297998.19403
    p = p * z - 72749424522181.83
    return p * z + 3682957328638529.0


def _j1_small_q(z: float) -> float:
    """Its denominator."""
    p = z + 620.8364781180543
    p = p * z + 256987.25675774884
    p = p * z + 83514679.14319493
    p = p * z + 22151159547.97925
    p = p * z + 4749141220799.914
    p = p * z + 784369607876235.9
    p = p * z + 8.952223361846274e16
    return p * z + 5.322786203326801e18


def _y1_small_p(z: float) -> float:
    """The numerator of Y1 up to 5, without its logarithm."""
    p = 1263204747.9017804 * z - 647355876379.1603
    p = p * z + 114509511541823.73
    p = p * z - 8127702555013251.0
    p = p * z + 2.024394757135949e17
    return p * z - 7.788771962659501e17


def _y1_small_q(z: float) -> float:
    """Its denominator."""
    p = z + 594.3015923461282
    p = p * z + 235564.09294306856
    p = p * z + 73481194.44597217
    p = p * z + 18760131610.870617
    p = p * z + 3882312774962.3857
    p = p * z + 620557727146953.8
    p = p * z + 6.871410873553005e16
    return p * z + 3.9727060811656064e18


def _even1_p(z: float) -> float:
    """The numerator of the first factor of order 1 beyond 5."""
    p = 0.0007621256162081731 * z + 0.07313970569409176
    p = p * z + 1.1271960812968493
    p = p * z + 5.112079511468076
    p = p * z + 8.424045901417724
    p = p * z + 5.214515986823615
    return p * z + 1.0


def _even1_q(z: float) -> float:
    """Its denominator."""
    p = 0.0005713231280725487 * z + 0.06884559087544954
    p = p * z + 1.105142326340617
    p = p * z + 5.073863861286015
    p = p * z + 8.399855543276042
    p = p * z + 5.209828486823619
    return p * z + 1.0


def _odd1_p(z: float) -> float:
    """The numerator of the second factor of order 1 beyond 5."""
    p = 0.05108625947501766 * z + 4.982138729512334
    p = p * z + 75.82382841325453
    p = p * z + 366.7796093601508
    p = p * z + 710.8563049989261
    p = p * z + 597.4896124006136
    p = p * z + 211.68875710057213
    return p * z + 25.207020585802372


def _odd1_q(z: float) -> float:
    """Its denominator."""
    p = z + 74.23732770356752
    p = p * z + 1056.4488603826283
    p = p * z + 4986.410583376536
    p = p * z + 9562.318924047562
    p = p * z + 7997.041604473507
    p = p * z + 2826.1927851763908
    return p * z + 336.0936078106983


def _even0(x: float) -> float:
    """The factor of the first wave, near 1."""
    z = ieee.div(25.0, x * x)
    return ieee.div(_even0_p(z), _even0_q(z))


def _odd0(x: float) -> float:
    """The factor of the second wave, near 0."""
    z = ieee.div(25.0, x * x)
    return ieee.div(5.0, x) * ieee.div(_odd0_p(z), _odd0_q(z))


def _even1(x: float) -> float:
    """The factor of the first wave, near 1."""
    z = ieee.div(25.0, x * x)
    return ieee.div(_even1_p(z), _even1_q(z))


def _odd1(x: float) -> float:
    """The factor of the second wave, near 0."""
    z = ieee.div(25.0, x * x)
    return ieee.div(5.0, x) * ieee.div(_odd1_p(z), _odd1_q(z))


def _j0_small(x: float) -> float:
    """J0 for x <= 5."""
    z = x * x
    y = (z - 5.783185962946785) * (z - 30.471262343662087)
    return 1.0 - 0.25 * z if x < 1e-5 else y * ieee.div(_j0_small_p(z), _j0_small_q(z))


def _bessel_j0(x: float) -> float:
    """The Bessel function of the first kind of order 0."""
    x = ieee.fabs(x)
    p = x - _PI_4
    wave = _even0(x) * ieee.cos(p) - _odd0(x) * ieee.sin(p)
    return _j0_small(x) if x <= 5.0 else ieee.div(wave * _SQRT2_PI, ieee.sqrt(x))


def _j1_small(x: float) -> float:
    """J1 for |x| <= 5."""
    z = x * x
    y = x * (z - 14.681970642123893) * (z - 49.2184563216946)
    return y * ieee.div(_j1_small_p(z), _j1_small_q(z))


def _bessel_j1(x: float) -> float:
    """The Bessel function of the first kind of order 1."""
    w = ieee.fabs(x)
    p = w - _3PI_4
    wave = _even1(w) * ieee.cos(p) - _odd1(w) * ieee.sin(p)
    large = ieee.div(wave * _SQRT2_PI, ieee.sqrt(w))
    large = -large if x < 0.0 else large
    return _j1_small(x) if w <= 5.0 else large


def _bessel_y0(x: float) -> float:
    """The Bessel function of the second kind of order 0: -inf at 0, nan below."""
    z = x * x
    small = ieee.div(_y0_small_p(z), _y0_small_q(z)) + _2_PI * ieee.log(x) * _j0_small(x)
    p = x - _PI_4
    wave = _even0(x) * ieee.sin(p) + _odd0(x) * ieee.cos(p)
    y = small if x <= 5.0 else ieee.div(wave * _SQRT2_PI, ieee.sqrt(x))
    return _NAN if x < 0.0 else y


def _bessel_y1(x: float) -> float:
    """The Bessel function of the second kind of order 1: -inf at 0, nan below."""
    z = x * x
    small = x * ieee.div(_y1_small_p(z), _y1_small_q(z))
    small = small + _2_PI * (_j1_small(x) * ieee.log(x) - ieee.div(1.0, x))
    p = x - _3PI_4
    wave = _even1(x) * ieee.sin(p) + _odd1(x) * ieee.cos(p)
    y = small if x <= 5.0 else ieee.div(wave * _SQRT2_PI, ieee.sqrt(x))
    y = -_INF if x == 0.0 else y
    return _NAN if x < 0.0 else y


def _spherical_bessel_j0(x: float) -> float:
    """`sin(x) / x`, the spherical Bessel function of order 0: 1 at 0, 0 at the infinities."""
    y = 1.0 if x == 0.0 else ieee.div(ieee.sin(x), x)
    return 0.0 if ieee.fabs(x) == _INF else y


bessel_j0 = Unary("bessel_j0", _bessel_j0, None, result="float")
bessel_j1 = Unary("bessel_j1", _bessel_j1, None, result="float")
bessel_y0 = Unary("bessel_y0", _bessel_y0, None, result="float")
bessel_y1 = Unary("bessel_y1", _bessel_y1, None, result="float")
spherical_bessel_j0 = Unary("spherical_bessel_j0", _spherical_bessel_j0, None, result="float")
