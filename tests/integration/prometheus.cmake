# The alert rules by promtool, and a real Prometheus scraping a real juncture on loopback.
set(prometheus_check ${CMAKE_CURRENT_LIST_DIR}/prometheus_check.py)
add_test(NAME prometheus_rules
  COMMAND Python3::Interpreter ${prometheus_check} rules ${PROJECT_SOURCE_DIR}/config/prometheus)
set_tests_properties(prometheus_rules PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 300)
if(TARGET juncture)
  add_test(NAME prometheus_scrape COMMAND Python3::Interpreter ${prometheus_check} scrape $<TARGET_FILE:juncture>)
  set_tests_properties(prometheus_scrape PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 180)
endif()
