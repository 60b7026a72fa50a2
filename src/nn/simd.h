/* How kernels are compiled for more than one processor: GCC makes a function marked WL_CLONES once
 * for any processor, once for AVX2 and once for AVX-512, and the loader picks. Sums in kernels run
 * in WL_LANES lanes whatever the width, so all three give the same bits.
 *
 * Sanitizers run before the loader's choice is safe, and clang 14 clones differently: plain there.
 */
#ifndef WL_NN_SIMD_H
#define WL_NN_SIMD_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WL_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define WL_CLONES
#endif

#define WL_LANES 16 /* floats of one AVX-512 register */

#endif
