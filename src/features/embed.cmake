# cmake -D NAME=symbol -D INPUT=file -D OUTPUT=file.c -P embed.cmake - a file as a C array.
file(READ ${INPUT} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR n_bytes "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,))" "    \\1\n" bytes
    "${bytes}")
file(WRITE ${OUTPUT} "/* Made from a file by embed.cmake. */
#include <stddef.h>
extern const unsigned char ${NAME}[];
extern const size_t ${NAME}_bytes;
const size_t ${NAME}_bytes = ${n_bytes};
const unsigned char ${NAME}[${n_bytes} + 1] = {
${bytes}0};
")
