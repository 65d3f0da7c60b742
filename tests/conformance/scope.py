"""Which of PyTorch's public names are no tensor functions that minitorch is to have, and why.

A reason is beside the patterns of the names it holds for, as `fnmatch` reads them; a name is
written as in PyTorch: `torch.polar`, `torch.Tensor.to_sparse`. What is not listed here counts.
"""

from fnmatch import fnmatchcase

OUT_OF_SCOPE: dict[str, tuple[str, ...]] = {
    "complex numbers": (
        "torch.complex", "torch.polar", "torch.imag", "torch.view_as_complex*",
        "torch.view_as_real*", "torch.stft", "torch.istft", "torch.linalg.eig",
        "torch.linalg.eigvals", "torch.Tensor.imag", "torch.Tensor.stft", "torch.Tensor.istft",
        "torch.Tensor.cdouble", "torch.Tensor.cfloat", "torch.Tensor.chalf", "torch.lobpcg",
        "torch.conj_physical*", "torch.Tensor.conj_physical*",
    ),
    "sparse tensors": (
        "torch.*sparse*", "torch.Tensor.*sparse*", "torch.hspmm", "torch.hsmm", "torch.dsmm",
        "torch.smm", "torch.spmm", "torch.sspaddmm", "torch.saddmm", "torch.Tensor.smm",
        "torch.Tensor.sspaddmm", "torch.Tensor.coalesce", "torch.Tensor.is_coalesced",
        "torch.*_indices_copy", "torch.indices_copy", "torch.values_copy",
        "torch.Tensor.*col_indices", "torch.Tensor.*row_indices", "torch.Tensor.crow_indices",
        "torch.Tensor.indices", "torch.Tensor.values", "torch.Tensor.to_dense",
        "torch.Tensor.dense_dim", "torch.Tensor.sparse_dim",
    ),
    "quantised tensors": (
        "torch.*quantize*", "torch.Tensor.*quantize*", "torch.q_*", "torch.Tensor.q_*",
        "torch.Tensor.qscheme", "torch.int_repr", "torch.Tensor.int_repr", "torch.*fbgemm*",
        "torch.choose_qparams_optimized", "torch.fused_moving_avg_obs_fake_quant",
        "torch.nn.functional.scaled_mm", "torch.nn.functional.scaled_grouped_mm",
        "torch.nn.functional.grouped_mm",
    ),
    "another vendor's kernels under the same functions": (
        "torch.cudnn*", "torch.miopen*", "torch.mkldnn*", "torch.Tensor.to_mkldnn",
        "torch.is_vulkan_available",
    ),
    "other devices": (
        "torch.Tensor.xpu", "torch.Tensor.ipu", "torch.Tensor.mtia", "torch.Tensor.is_ipu",
        "torch.Tensor.is_xpu", "torch.Tensor.is_xla", "torch.Tensor.is_mps", "torch.Tensor.is_maia",
        "torch.Tensor.is_mtia", "torch.Tensor.is_vulkan", "torch.Tensor.is_mkldnn",
        "torch.Tensor.is_meta", "torch.Tensor.record_stream",
    ),
    "older forms of autocast's settings, for one device each": (
        "torch.*autocast_cpu*", "torch.*autocast_gpu*", "torch.*autocast_ipu*",
        "torch.*autocast_xla*",
    ),
    "settings of mixed precision, which are here, but no functions on tensors": (
        "torch.*autocast*",
    ),
    "compilation, tracing, symbolic shapes": (
        "torch.sym_*", "torch.compile", "torch.compiled_with_cxx11_abi", "torch.cond",
        "torch.while_loop", "torch.fork", "torch.wait", "torch.import_ir_module*",
        "torch.parse_*", "torch.merge_type_from_type_comment", "torch.unify_type_list",
        "torch.export", "torch.script*", "torch.assert_*", "torch.vitals_enabled",
        "torch.set_vital", "torch.read_vitals", "torch.nn.functional.assert_int_or_pair",
        "torch.nn.functional.boolean_dispatch", "torch.nn.functional.handle_torch_function",
        "torch.nn.functional.has_torch_function*", "torch.get_file_path", "torch.classproperty",
        "torch.prepare_multiprocessing_environment", "torch.profiler_allow_cudagraph_cupti*",
        "torch.init_num_threads", "torch.thread_safe_generator", "torch.is_storage",
        "torch.is_distributed", "torch.Tensor.is_distributed", "torch.Tensor.as_subclass",
        "torch.Tensor.module_load", "torch.Tensor.grad_dtype", "torch.from_file",
        "torch.typename", "torch.has_*", "torch.obj", "torch.lcm_shape",
    ),
    "names of PyTorch's inside, public by accident": (
        "torch.batch_norm_*", "torch.native_*", "torch.convolution", "torch.embedding_renorm_",
        "torch.norm_except_dim", "torch.*slice_inverse", "torch.unsafe_*",
        "torch.Tensor.unsafe_*", "torch.hash_tensor", "torch.Tensor.hash_tensor",
        "torch.alias_copy", "torch.as_strided_copy", "torch.detach_copy", "torch.diagonal_copy",
        "torch.expand_copy", "torch.permute_copy", "torch.select_copy", "torch.slice_copy",
        "torch.split_copy", "torch.split_with_sizes_copy", "torch.squeeze_copy", "torch.t_copy",
        "torch.transpose_copy", "torch.unbind_copy", "torch.unfold_copy",
        "torch.unsqueeze_copy", "torch.view_copy",
        "torch.quantized_*", "torch.Tensor.new", "torch.Tensor.reinforce", "torch.Tensor.resize",
        "torch.Tensor.resize_as", "torch.Tensor.storage_type", "torch.Tensor.to_padded_tensor",
        "torch.Tensor.volatile", "torch.Tensor.name", "torch.Tensor.is_nested",
        "torch.Tensor.const_data_ptr", "torch.nn.functional.*_with_indices",
        "torch.*_with_indices", "torch.affine_grid_generator", "torch.grid_sampler*",
        "torch.Tensor.index", "torch.conv_tbc", "torch.nn.functional.native_channel_shuffle",
        "torch.nn.functional.linear_cross_entropy", "torch.nn.functional.conv_tbc",
        "torch.constant_pad_nd_", "torch.feature_dropout*",
    ),
    "removed from PyTorch: calling it raises": (
        "torch.eig", "torch.symeig", "torch.solve", "torch.matrix_rank", "torch.lstsq",
        "torch.Tensor.eig", "torch.Tensor.symeig", "torch.Tensor.solve", "torch.Tensor.lstsq",
    ),
    "settings of determinism and precision, which are here, but no functions on tensors": (
        "torch.*deterministic*", "torch.set_flush_denormal", "torch.*_float32_matmul_precision",
    ),
    "settings of PyTorch's own run time": (
        "torch.get_num_interop_threads", "torch.set_num_interop_threads",
        "torch.set_warn_always", "torch.is_warn_always_enabled", "torch.get_device_module",
    ),
}  # fmt: skip


def reason(name: str) -> str | None:
    """Why a name is out of scope; None if it is not.

    >>> reason("torch.polar")
    'complex numbers'
    """
    for why, patterns in OUT_OF_SCOPE.items():
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            return why
    return None
