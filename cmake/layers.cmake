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
