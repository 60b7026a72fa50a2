# Compiler flags for every target of ours; the reasons stand in HACKING.md.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
option(WL_WERROR "warnings are errors" ON)
set(WL_SANITIZE "" CACHE STRING "sanitizers, e.g. address,undefined")
option(WL_COVERAGE "count executed lines (gcc)" OFF)
option(WL_FUZZ "build libFuzzer programs (clang); give WL_SANITIZE too" OFF)
set(WL_FUZZ_SECONDS 5 CACHE STRING "how long each fuzz test searches")

add_library(wl_flags INTERFACE)
target_include_directories(wl_flags INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(wl_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_compile_options(wl_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion -Wformat=2 -Wundef -Wvla
    -Wwrite-strings -Wpointer-arith -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes
    -Wold-style-definition -Wswitch-enum -Wnull-dereference -Wimplicit-fallthrough
    -fvisibility=hidden -fno-common -fstack-protector-strong -fstack-clash-protection
    -ffp-contract=off -fno-math-errno)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(wl_flags INTERFACE -Wlogical-op -Wduplicated-cond -Wduplicated-branches
        -Wcast-align=strict)
else()
    target_compile_options(wl_flags INTERFACE -Wcomma)
endif()
if(WL_WERROR)
    target_compile_options(wl_flags INTERFACE -Werror)
endif()
if(WL_SANITIZE)
    target_compile_options(wl_flags INTERFACE -fsanitize=${WL_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    target_link_options(wl_flags INTERFACE -fsanitize=${WL_SANITIZE})
endif()
if(WL_COVERAGE)
    target_compile_options(wl_flags INTERFACE --coverage)
    target_link_options(wl_flags INTERFACE --coverage)
endif()
if(WL_FUZZ)
    target_compile_options(wl_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
# Debug keeps -O1 so that the suite stays quick; release keeps asserts (WL_ASSERT is not assert()).
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g -DNDEBUG -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
