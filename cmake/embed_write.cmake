# Run by wl_embed: writes TO, a C file that holds the bytes of FROM under the name SYMBOL.
file(READ ${FROM} hex HEX)
string(LENGTH "${hex}" n_digits)
math(EXPR n_bytes "${n_digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}") # 16 bytes a line
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${TO} "/* Made from a file by cmake/embed.cmake; do not edit. */
#include <stddef.h>
extern const unsigned char ${SYMBOL}[];
extern const size_t ${SYMBOL}_bytes;
const unsigned char ${SYMBOL}[] = {
${hex}
0x00};
const size_t ${SYMBOL}_bytes = ${n_bytes};
")
