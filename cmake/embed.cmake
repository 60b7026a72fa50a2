# wl_embed(target file symbol) - put a file's bytes into target, as
#     extern const unsigned char <symbol>[];      the bytes, with a NUL behind them
#     extern const size_t <symbol>_bytes;         their number, without the NUL
# Made again whenever the file changes. CMake alone does it: the build needs neither python nor xxd.
# Called in the folder that made the target.
function(wl_embed target file symbol)
    get_filename_component(from ${file} ABSOLUTE BASE_DIR ${CMAKE_SOURCE_DIR})
    set(to ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
    add_custom_command(OUTPUT ${to}
        COMMAND ${CMAKE_COMMAND} -DFROM=${from} -DTO=${to} -DSYMBOL=${symbol}
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_write.cmake
        DEPENDS ${from} ${CMAKE_SOURCE_DIR}/cmake/embed_write.cmake
        COMMENT "Embedding ${file}" VERBATIM)
    target_sources(${target} PRIVATE ${to})
endfunction()
