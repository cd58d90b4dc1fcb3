# trifactor_test(NAME name LABEL label SOURCES file... LIBRARIES target...)
# One Catch2 program. Labels: unit conformance timing repo system (tests/README.md).
# Test programs are not part of `all`, so that building the product does not wait for them: the target
# `all_tests` builds every one, `unit_tests` those labelled unit (what the sanitizer builds run).
find_package(Catch2 REQUIRED)

add_library(trifactor_catch_main STATIC ${CMAKE_SOURCE_DIR}/tests/support/catch_main.cpp)
target_link_libraries(trifactor_catch_main PUBLIC Catch2::Catch2)

add_custom_target(all_tests)
add_custom_target(unit_tests)

function(trifactor_test)
  cmake_parse_arguments(T "" "NAME;LABEL" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${T_NAME} EXCLUDE_FROM_ALL ${T_SOURCES})
  target_link_libraries(${T_NAME} PRIVATE trifactor_options trifactor_catch_main ${T_LIBRARIES})
  set_target_properties(${T_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_dependencies(all_tests ${T_NAME})
  if(T_LABEL STREQUAL "unit")
    add_dependencies(unit_tests ${T_NAME})
  endif()
  # A program without a single case must not count as passed.
  add_test(NAME ${T_NAME} COMMAND ${T_NAME} --warn NoTests)
  set_tests_properties(${T_NAME} PROPERTIES LABELS ${T_LABEL} TIMEOUT 600)
endfunction()
