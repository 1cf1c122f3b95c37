# Warnings and hardening of every target of ours; third-party headers come in as SYSTEM.
option(JUNCTURE_WERROR "Warnings are errors" OFF)
set(JUNCTURE_SANITIZE "" CACHE STRING "Value of -fsanitize=, empty for none")

add_library(juncture_flags INTERFACE)
target_compile_features(juncture_flags INTERFACE cxx_std_20)
# State must come out the same on every CPU: no contraction into FMA, no fast-math anywhere.
target_compile_options(juncture_flags INTERFACE -ffp-contract=off
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wno-missing-field-initializers -Wformat=2 -Werror=format-security)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(juncture_flags INTERFACE -Wduplicated-cond -Wlogical-op -Wuseless-cast
    -ftrivial-auto-var-init=zero -Wno-restrict)  # gcc 12 finds overlaps in std::string that there are not (PR 105651)
endif()
if(JUNCTURE_WERROR)
  target_compile_options(juncture_flags INTERFACE -Werror)
endif()
if(JUNCTURE_SANITIZE)
  target_compile_options(juncture_flags INTERFACE -fsanitize=${JUNCTURE_SANITIZE}
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(juncture_flags INTERFACE -fsanitize=${JUNCTURE_SANITIZE})
else()
  # FORTIFY_SOURCE needs optimisation and no sanitizer.
  target_compile_options(juncture_flags INTERFACE -fstack-protector-strong -fstack-clash-protection
    $<$<BOOL:${JUNCTURE_X86}>:-fcf-protection> $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
  target_link_options(juncture_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
target_compile_definitions(juncture_flags INTERFACE _GLIBCXX_ASSERTIONS)
