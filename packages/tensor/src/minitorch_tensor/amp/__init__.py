"""Automatic mixed precision: which function computes in which dtype inside `autocast`.

`state` holds what is on, for each thread; `policies` says how the arguments of one call are cast;
`cpu_lists` and `cuda_lists` say which function has which policy, `lists` joins them; `exchange`
lets the functions ask, and only while `autocast` is on somewhere. `mode` is the context manager,
`custom` the decorators of an `autograd.Function`. https://docs.pytorch.org/docs/stable/amp.html
"""
