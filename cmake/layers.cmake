# wl_layer(name file...) - one OBJECT library per folder of src; files are listed, never globbed.
# All layers but those marked TRAINING make libwanliu; training code is linked into the CLI only.
function(wl_layer name)
    cmake_parse_arguments(LAYER "TRAINING" "" "" ${ARGN})
    add_library(wl_${name} OBJECT ${LAYER_UNPARSED_ARGUMENTS})
    target_link_libraries(wl_${name} PRIVATE wl_flags)
    if(LAYER_TRAINING)
        set_property(GLOBAL APPEND PROPERTY WL_TRAINING_LAYERS wl_${name})
    else()
        set_property(GLOBAL APPEND PROPERTY WL_CORE_LAYERS wl_${name})
    endif()
endfunction()

# wl_test(label file [library...]) - one test program per file, linked with everything.
function(wl_test label file)
    get_filename_component(name ${file} NAME_WE)
    add_executable(${name} ${file})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${name} PRIVATE
        WL_SHARED_DIR="${CMAKE_SOURCE_DIR}/../shared" WL_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
        WL_BINARY_DIR="${CMAKE_BINARY_DIR}")
    target_link_libraries(${name} PRIVATE wl_flags wanliu_train wanliu_static ${ARGN})
    add_test(NAME ${label}/${name} COMMAND ${name})
    set_tests_properties(${label}/${name} PROPERTIES LABELS ${label} TIMEOUT 300
        SKIP_RETURN_CODE 77)
endfunction()

# wl_fuzz(fuzz_<name>.c) - one fuzz target per parser, with its seeds in fuzz/corpus/<name>/.
# Every build replays the seeds and small changes of them through fuzz/driver.c, as a test; with
# WL_FUZZ (clang) the same file becomes a libFuzzer program that searches for WL_FUZZ_SECONDS.
function(wl_fuzz file)
    get_filename_component(target ${file} NAME_WE)
    string(REGEX REPLACE "^fuzz_" "" name ${target})
    set(seeds ${CMAKE_SOURCE_DIR}/fuzz/corpus/${name})
    add_executable(${target} ${file})
    target_link_libraries(${target} PRIVATE wl_flags wanliu_train wanliu_static)
    if(WL_FUZZ)
        set(found ${CMAKE_BINARY_DIR}/corpus/${name})
        file(MAKE_DIRECTORY ${found})
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        add_test(NAME fuzz/${target} COMMAND ${target} -max_total_time=${WL_FUZZ_SECONDS}
            -rss_limit_mb=2048 -timeout=10 -artifact_prefix=${CMAKE_BINARY_DIR}/ ${found} ${seeds})
    else()
        target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/fuzz/driver.c)
        add_test(NAME fuzz/${target} COMMAND ${target} ${seeds})
    endif()
    set_tests_properties(fuzz/${target} PROPERTIES LABELS fuzz TIMEOUT 60)
endfunction()
