/* A CUDA driver that does nothing, and says that it has: for tests and for measuring the host alone.

   Memory is the host's, copies are made, kernels are not run. What has no result here only returns
   success. Build: cc -shared -fPIC -o libcuda.so.1 stub_driver.c; use: LD_LIBRARY_PATH=its folder. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROUND(n) (((n) + 511) / 512 * 512)

static uintptr_t last = 0x10000;

static int nothing(void) { return 0; }
static int version(int *v) { *v = 13050; return 0; }
static int count(int *n) { *n = 1; return 0; }
static int device(int *d, int i) { *d = i; return 0; }
static int name(char *s, int n, int d) { strncpy(s, "Stub GPU", n); return 0; }
static int uuid(char *s, int d) { memset(s, 7, 16); return 0; }

static int attribute(int *v, int which, int d) {
    switch (which) {
    case 10: *v = 32; break;   /* threads of a warp */
    case 18: *v = 0; break;    /* shares the host's memory */
    case 75: *v = 9; break;    /* compute capability 9.0 */
    case 76: *v = 0; break;
    default: *v = 1024;
    }
    return 0;
}

static int handle(void **h) { *h = (void *)(last += 64); return 0; }
static int context(void **h) { *h = (void *)64; return 0; }
static int device_of_context(int *d) { *d = 0; return 0; }
static int priorities(int *least, int *most) { *least = 0; *most = -5; return 0; }
static int elapsed(float *ms, void *a, void *b) { *ms = 1; return 0; }
static int spell(int error, const char **s) { *s = "CUDA_ERROR_STUB"; return 0; }
static int kernels(unsigned *n, void *library) { *n = 1; return 0; }

static int allocate(uint64_t *p, size_t n) { *p = (uint64_t)aligned_alloc(512, ROUND(n)); return 0; }
static int release(uint64_t p) { free((void *)p); return 0; }
static int lock(void **p, size_t n, unsigned flags) { *p = aligned_alloc(512, ROUND(n)); return 0; }
static int room(size_t *left, size_t *all) { *left = *all = 80ull << 30; return 0; }
static int upload(uint64_t to, const void *from, size_t n, void *q) { memcpy((void *)to, from, n); return 0; }
static int download(void *to, uint64_t from, size_t n, void *q) { memcpy(to, (void *)from, n); return 0; }
static int copy(uint64_t to, uint64_t from, size_t n, void *q) { memcpy((void *)to, (void *)from, n); return 0; }

static const struct { const char *name; void *function; } table[] = {
    {"cuDriverGetVersion", version}, {"cuDeviceGetCount", count}, {"cuDeviceGet", device},
    {"cuDeviceGetName", name}, {"cuDeviceGetUuid", uuid}, {"cuDeviceGetAttribute", attribute},
    {"cuDevicePrimaryCtxRetain", context}, {"cuCtxGetCurrent", context},
    {"cuCtxGetDevice", device_of_context}, {"cuCtxGetStreamPriorityRange", priorities},
    {"cuStreamCreateWithPriority", handle}, {"cuStreamCreate", handle}, {"cuEventCreate", handle},
    {"cuEventElapsedTime", elapsed}, {"cuGetErrorName", spell}, {"cuGetErrorString", spell},
    {"cuLibraryLoadData", handle}, {"cuLibraryGetKernel", handle}, {"cuKernelGetFunction", handle},
    {"cuLibraryGetKernelCount", kernels}, {"cuMemAlloc", allocate}, {"cuMemFree", release},
    {"cuMemHostAlloc", lock}, {"cuMemGetInfo", room}, {"cuMemcpyHtoDAsync", upload},
    {"cuMemcpyDtoHAsync", download}, {"cuMemcpyDtoDAsync", copy}, {0, 0},
};

/* All but these few are asked for here. */
int cuGetProcAddress_v2(const char *symbol, void **found, int v, uint64_t flags, int *status) {
    *found = nothing;
    for (int i = 0; table[i].name; i++)
        if (!strcmp(table[i].name, symbol)) *found = table[i].function;
    if (!strncmp(symbol, "cuGetProcAddress", 16)) *found = cuGetProcAddress_v2;
    if (status) *status = 0;
    return 0;
}

int cuGetProcAddress(const char *symbol, void **found, int v, uint64_t flags) {
    return cuGetProcAddress_v2(symbol, found, v, flags, 0);
}

int cuInit(unsigned flags) { return 0; }
int cuDriverGetVersion(int *v) { return version(v); }
int cuDeviceGetCount(int *n) { return count(n); }
int cuDeviceGet(int *d, int i) { return device(d, i); }
int cuDeviceGetName(char *s, int n, int d) { return name(s, n, d); }
int cuDeviceGetAttribute(int *v, int which, int d) { return attribute(v, which, d); }
