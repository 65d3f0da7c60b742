"""Fused kernels in place of composites: one file for each family of functions.

Importing this package registers them.
"""

from minitorch_cuda.functional import attention as attention
from minitorch_cuda.functional import batch_norm as batch_norm
from minitorch_cuda.functional import conv as conv
from minitorch_cuda.functional import embedding as embedding
from minitorch_cuda.functional import embedding_bag as embedding_bag
from minitorch_cuda.functional import linear as linear
from minitorch_cuda.functional import loss as loss
from minitorch_cuda.functional import moments as moments
from minitorch_cuda.functional import norm as norm
from minitorch_cuda.functional import optim_steps as optim_steps
from minitorch_cuda.functional import ordering as ordering
from minitorch_cuda.functional import pool as pool
from minitorch_cuda.functional import positions as positions
from minitorch_cuda.functional import random as random
from minitorch_cuda.functional import recurrent as recurrent
from minitorch_cuda.functional import resample as resample
from minitorch_cuda.functional import sampling as sampling
from minitorch_cuda.functional import scans as scans
from minitorch_cuda.functional import softmax as softmax
from minitorch_cuda.functional import stepping as stepping
