# mcpbox_cmocka_test(NAME SOURCES file... [LIBRARIES target...] [WRAP function...] [LABELS label...])
#
# Builds each C-style test twice, from the same files: NAME_gtest with tests/support/cmocka.h on GoogleTest, and
# NAME_cmocka with the real library.  WRAP f sends every call of f in the code under test to the file's __wrap_f.
find_package(GTest REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

function(mcpbox_cmocka_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LIBRARIES;WRAP;LABELS" ${ARGN})
  foreach(flavour gtest cmocka)
    set(target ${name}_${flavour})
    add_executable(${target} ${TEST_SOURCES})
    target_compile_options(${target} PRIVATE -fexceptions)
    target_link_libraries(${target} PRIVATE ${TEST_LIBRARIES})
    foreach(function ${TEST_WRAP})
      target_link_options(${target} PRIVATE -Wl,--wrap=${function})
    endforeach()
    add_test(NAME ${target} COMMAND ${target})
    set_tests_properties(${target} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT 300)
  endforeach()
  target_include_directories(${name}_gtest BEFORE PRIVATE ${CMAKE_SOURCE_DIR}/tests/support)
  target_link_libraries(${name}_gtest PRIVATE GTest::gtest)
  target_link_libraries(${name}_cmocka PRIVATE PkgConfig::CMOCKA)
endfunction()
