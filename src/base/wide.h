/* 128-bit integers: exact sums of products. A typedef, because the language has no standard
 * name. */
#ifndef WL_BASE_WIDE_H
#define WL_BASE_WIDE_H

__extension__ typedef __int128 wl_i128;
__extension__ typedef unsigned __int128 wl_u128;

#endif
