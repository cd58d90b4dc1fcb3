# trifactor_test(NAME name LABEL label SOURCES file... LIBRARIES target...)
# One Catch2 program. Labels: unit conformance timing golden repo system (tests/README.md).
find_package(Catch2 REQUIRED)
include(Catch)

add_library(trifactor_catch_main STATIC ${CMAKE_SOURCE_DIR}/tests/support/catch_main.cpp)
target_link_libraries(trifactor_catch_main PUBLIC Catch2::Catch2)

function(trifactor_test)
  cmake_parse_arguments(T "" "NAME;LABEL" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${T_NAME} ${T_SOURCES})
  target_link_libraries(${T_NAME} PRIVATE trifactor_options trifactor_catch_main ${T_LIBRARIES})
  set_target_properties(${T_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${T_NAME} COMMAND ${T_NAME})
  set_tests_properties(${T_NAME} PROPERTIES LABELS ${T_LABEL} TIMEOUT 600)
endfunction()
