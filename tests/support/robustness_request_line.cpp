// The first line of a request, and what is not one.
#include "tests/support/robustness_cases.hpp"

namespace echotrio::test {
namespace {

std::string line(const std::string& text) {
    return text + "\r\nHost: t\r\n\r\n";
}

// A good request before it makes the connection HTTP, so that nothing is taken for raw echo.
std::string after_good(const std::string& text) {
    return line("GET /echo/a HTTP/1.1") + text;
}

void add_methods(std::vector<RobustnessCase>& cases) {
    cases.insert(
        cases.end(),
        {
            {"method_get", line("GET /echo/a HTTP/1.1"), {200}, false, true},
            {"method_head", line("HEAD /echo/a HTTP/1.1"), {200}, false, true},
            {"method_delete", line("DELETE /echo HTTP/1.1"), {405}},
            {"method_options", line("OPTIONS /echo HTTP/1.1"), {200}},
            {"method_options_of_a_page", line("OPTIONS /stats HTTP/1.1"), {200}},
            {"method_options_of_nothing", line("OPTIONS /nothing HTTP/1.1"), {404}},
            {"method_options_with_a_body",
             "OPTIONS /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello",
             {200}},
            {"method_trace", line("TRACE /echo HTTP/1.1"), {405}},
            {"method_patch", line("PATCH /echo HTTP/1.1"), {405}},
            {"method_connect", line("CONNECT t:80 HTTP/1.1"), {501}, true},
            {"method_connect_ipv6", line("CONNECT [::1]:80 HTTP/1.1"), {501}, true},
            {"method_connect_then_bytes_of_the_tunnel",
             line("CONNECT t:80 HTTP/1.1") + line("GET /echo/a HTTP/1.1"),
             {501},
             true},
            // RFC 9110 9.3.6
            {"method_connect_without_port", line("CONNECT t HTTP/1.1"), {400}, true},
            {"method_connect_port_empty", line("CONNECT t: HTTP/1.1"), {400}, true},
            {"method_connect_port_0", line("CONNECT t:0 HTTP/1.1"), {400}, true},
            {"method_connect_port_65536", line("CONNECT t:65536 HTTP/1.1"), {400}, true},
            {"method_connect_port_no_number", line("CONNECT t:x HTTP/1.1"), {400}, true},
            {"method_connect_host_empty", line("CONNECT :80 HTTP/1.1"), {400}, true},
            {"method_connect_user", line("CONNECT u@t:80 HTTP/1.1"), {400}, true},
            {"method_connect_path", line("CONNECT /echo HTTP/1.1"), {400}, true},
            {"method_connect_absolute", line("CONNECT http://t:80/ HTTP/1.1"), {400}, true},
            {"method_unknown", after_good(line("BREW /pot HTTP/1.1")), {200, 501}, true},
            {"method_lower_case", after_good(line("get / HTTP/1.1")), {200, 501}, true},
            {"method_of_llhttp_alone", after_good(line("M-SEARCH / HTTP/1.1")), {200, 501}, true},
            {"method_pri", after_good("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), {200, 501}, true},
            {"method_longer_than_known", after_good(line("GETS / HTTP/1.1")), {200, 501}, true},
            {"method_with_null",
             after_good(line(std::string("GE\0T / HTTP/1.1", 15))),
             {200, 400},
             true,
             true},
            {"method_with_colon", after_good(line("GET: / HTTP/1.1")), {200, 400}, true, true},
            {"method_missing", after_good(line(" / HTTP/1.1")), {200, 400}, true, true},
            {"method_not_ascii", after_good(line("G\xc3\x8bT / HTTP/1.1")), {200, 400}, true, true},
        });
}

void add_versions(std::vector<RobustnessCase>& cases) {
    cases.insert(cases.end(),
                 {
                     {"version_1_0", "GET /echo/a HTTP/1.0\r\n\r\n", {200}, true, true},
                     {"version_2_0", line("GET / HTTP/2.0"), {505}, true, true},
                     {"version_3_0", line("GET / HTTP/3.0"), {505}, true, true},
                     {"version_0_9", line("GET / HTTP/0.9"), {505}, true},
                     {"version_1_2", line("GET /echo/a HTTP/1.2"), {200}},
                     {"version_1_3", line("GET /echo/a HTTP/1.3"), {200}},
                     {"version_1_9", line("GET /echo/a HTTP/1.9"), {200}},
                     {"version_1_9_close",
                      "GET /echo/a HTTP/1.9\r\nHost: t\r\nConnection: close\r\n\r\n",
                      {200},
                      true},
                     {"version_1_9_without_host", "GET /echo/a HTTP/1.9\r\n\r\n", {400}, true},
                     {"version_1_9_chunked",
                      "POST /echo HTTP/1.9\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "5\r\nhello\r\n0\r\n\r\n",
                      {200}},
                     {"version_1_2_expect",
                      "POST /echo HTTP/1.2\r\nHost: t\r\nExpect: 100-continue\r\n"
                      "Content-Length: 5\r\n\r\n",
                      {100}},
                     {"version_1_2_field_malformed",
                      "GET /echo/a HTTP/1.2\r\nHost: t\r\nA B: c\r\n\r\n",
                      {400},
                      true},
                     {"version_1_2_method_unknown",
                      after_good(line("BREW /pot HTTP/1.2")),
                      {200, 501},
                      true},
                     {"version_9_9", line("GET / HTTP/9.9"), {505}, true, true},
                     {"version_missing", line("GET /"), {400}, true},
                     {"version_missing_after_space", line("GET / "), {400}, true},
                     {"version_lower_case", line("GET / http/1.1"), {400}, true, true},
                     {"version_other_protocol", line("GET / ICY/1.1"), {400}, true, true},
                     {"version_without_minor", line("GET / HTTP/1"), {400}, true, true},
                     {"version_without_number", line("GET / HTTP/"), {400}, true, true},
                     {"version_with_letters", line("GET / HTTP/a.b"), {400}, true, true},
                     {"version_comma", line("GET / HTTP/1,1"), {400}, true, true},
                     {"version_two_digits", line("GET / HTTP/1.10"), {400}, true},
                     {"version_long_major", line("GET / HTTP/11.1"), {400}, true},
                     {"version_trailing_letter", line("GET / HTTP/1.1x"), {400}, true, true},
                     {"version_trailing_space", line("GET / HTTP/1.1 "), {400}, true},
                     {"version_leading_zero", line("GET / HTTP/01.1"), {400}, true, true},
                     {"version_negative", line("GET / HTTP/-1.1"), {400}, true, true},
                     {"version_two", line("GET / HTTP/1.1 HTTP/1.1"), {400}, true, true},
                 });
}

void add_targets(std::vector<RobustnessCase>& cases) {
    cases.insert(
        cases.end(),
        {
            {"target_root", line("GET / HTTP/1.1"), {200}, false, true},
            {"target_unknown", line("GET /nothing HTTP/1.1"), {404}},
            {"target_almost_echo", line("GET /echoes HTTP/1.1"), {404}},
            {"target_echo_empty_text", line("GET /echo/ HTTP/1.1"), {200}},
            {"target_dots_are_not_resolved", line("GET /echo/../stats HTTP/1.1"), {200}},
            {"target_double_slash", line("GET //stats HTTP/1.1"), {404}},
            {"target_encoded", line("GET /echo/%41%00%ff HTTP/1.1"), {200}},
            {"target_percent_at_end", line("GET /echo/a% HTTP/1.1"), {400}},
            {"target_percent_one_digit", line("GET /echo/a%4 HTTP/1.1"), {400}},
            {"target_percent_not_hex", line("GET /echo/%zz HTTP/1.1"), {400}},
            {"target_with_space", line("GET /echo/a b HTTP/1.1"), {400}, true},
            {"target_two_spaces_before", line("GET  /echo/a HTTP/1.1"), {400}, true},
            {"target_two_spaces_after", line("GET /echo/a  HTTP/1.1"), {400}, true},
            {"target_tab_before", line("GET \t/echo/a HTTP/1.1"), {400}, true, true},
            {"target_empty", line("GET  HTTP/1.1"), {400}, true, true},
            {"target_relative", line("GET echo/a HTTP/1.1"), {400}, true, true},
            {"target_fragment", line("GET /echo/a#b HTTP/1.1"), {400}, true},
            {"target_null", line(std::string("GET /echo/\0 HTTP/1.1", 20)), {400}, true, true},
            {"target_delete_character", line("GET /echo/\x7f HTTP/1.1"), {400}, true, true},
            {"target_not_ascii", line("GET /echo/\xc3\xa4 HTTP/1.1"), {400}, true},
            {"target_absolute", line("GET http://t/echo/a HTTP/1.1"), {200}, false, true},
            {"target_absolute_upper_case",
             line("GET HTTP://T/echo/a HTTP/1.1"),
             {200},
             false,
             true},
            {"target_absolute_port", line("GET http://t:80/echo/a HTTP/1.1"), {200}, false, true},
            {"target_absolute_no_path", line("GET http://t HTTP/1.1"), {200}, false, true},
            {"target_absolute_no_host", line("GET http:///echo/a HTTP/1.1"), {400}, true, true},
            {"target_absolute_query", line("GET http://t/echo/a?cpu=0 HTTP/1.1"), {200}},
            {"target_absolute_no_host_field", "GET http://t/echo/a HTTP/1.1\r\n\r\n", {400}, true},
            {"target_other_scheme", line("GET ftp://t/echo/a HTTP/1.1"), {400}, true},
            {"target_asterisk_get", line("GET * HTTP/1.1"), {400}, true, true},
            {"target_asterisk_options", line("OPTIONS * HTTP/1.1"), {200}},
            {"target_asterisk_delete", line("DELETE * HTTP/1.1"), {400}, true},
            {"target_asterisk_and_more", line("OPTIONS */echo HTTP/1.1"), {400}, true},
            {"target_absolute_options", line("OPTIONS http://t HTTP/1.1"), {200}},
            {"target_absolute_options_path", line("OPTIONS http://t/no HTTP/1.1"), {404}},
            {"target_absolute_ipv6", line("GET http://[::1]:80/echo/a HTTP/1.1"), {200}},
            {"target_absolute_port_empty", line("GET http://t:/echo/a HTTP/1.1"), {200}},
            {"target_absolute_encoded_host", line("GET http://%74/echo/a HTTP/1.1"), {200}},
            {"target_absolute_other_host", line("GET http://u/echo/a HTTP/1.1"), {200}},
            // RFC 9110 4.2.4
            {"target_absolute_user", line("GET http://u@t/echo/a HTTP/1.1"), {400}, true},
            {"target_absolute_user_password", line("GET http://u:p@t/ HTTP/1.1"), {400}, true},
            {"target_absolute_user_empty", line("GET http://@t/echo/a HTTP/1.1"), {400}, true},
            {"target_absolute_user_options", line("OPTIONS http://u@t HTTP/1.1"), {400}, true},
            {"target_absolute_user_delete", line("DELETE http://u@t/echo HTTP/1.1"), {400}, true},
            {"target_absolute_at_in_path", line("GET http://t/echo/u@t HTTP/1.1"), {200}},
            {"target_absolute_at_in_query", line("GET http://t?u@t HTTP/1.1"), {200}},
            {"target_absolute_port_no_number", line("GET http://t:x/ HTTP/1.1"), {400}, true},
            {"target_absolute_two_ports", line("GET http://t:80:90/ HTTP/1.1"), {400}, true},
            {"target_absolute_port_negative", line("GET http://t:-1/ HTTP/1.1"), {400}, true},
            {"target_absolute_only_port", line("GET http://:80/ HTTP/1.1"), {400}, true},
            {"target_absolute_bracket_open", line("GET http://[::1/ HTTP/1.1"), {400}, true},
            {"target_absolute_bad_percent", line("GET http://t%zz/ HTTP/1.1"), {400}, true},
            {"target_absolute_bad_port_query", line("GET http://t:x?a HTTP/1.1"), {400}, true},
            {"target_authority_get", line("GET t:80 HTTP/1.1"), {400}, true, true},
        });
}

// The first bytes decide; without a good method in front a connection is raw echo.
void add_first_bytes(std::vector<RobustnessCase>& cases) {
    cases.insert(cases.end(),
                 {
                     {"raw_text", "hello\n", {}},
                     {"raw_nulls", std::string(100, '\0'), {}},
                     {"raw_tls_hello", std::string("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1", 9), {}},
                     {"raw_unknown_method", line("BREW /pot HTTP/1.1"), {}},
                     {"raw_lower_case_method", line("get / HTTP/1.1"), {}},
                     {"raw_method_without_space", "GET/ HTTP/1.1\r\n\r\n", {}},
                     {"raw_method_and_tab", "GET\t/ HTTP/1.1\r\n\r\n", {}},
                     {"raw_empty_line_first", "\r\n" + line("GET / HTTP/1.1"), {}},
                     {"raw_space_first", " " + line("GET / HTTP/1.1"), {}},
                     {"raw_http2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {}},
                     {"raw_reply", "HTTP/1.1 200 OK\r\n\r\n", {}},
                     {"raw_almost_get", "GEX", {}},
                     {"raw_long", std::string(100'000, 'x'), {}},
                 });
}

void add_line_ends(std::vector<RobustnessCase>& cases) {
    const std::string rest = "Host: t\r\n\r\n";
    cases.insert(
        cases.end(),
        {
            {"line_bare_lf", "GET /echo/a HTTP/1.1\n" + rest, {400}, true},
            {"line_bare_lf_all", "GET /echo/a HTTP/1.1\nHost: t\n\n", {400}, true},
            {"line_bare_cr", "GET /echo/a HTTP/1.1\r" + rest, {400}, true, true},
            {"line_cr_cr_lf", "GET /echo/a HTTP/1.1\r\r\n" + rest, {400}, true, true},
            {"line_lf_cr", "GET /echo/a HTTP/1.1\n\r" + rest, {400}, true},
            {"line_cr_in_target", "GET /echo/\ra HTTP/1.1\r\n" + rest, {400}, true, true},
            {"line_vertical_tab", "GET\v/echo/a HTTP/1.1\r\n" + rest, {}},
            {"line_empty_before", after_good("\r\n\r\n" + line("GET / HTTP/1.1")), {200, 200}},
            {"line_bare_lf_before", after_good("\n" + line("GET / HTTP/1.1")), {200, 400}, true},
            {"line_bare_cr_before", after_good("\r" + line("GET / HTTP/1.1")), {200, 400}, true},
            {"line_folded_first", "GET /echo/a HTTP/1.1\r\n Host: t\r\n\r\n", {400}, true, true},
            {"line_too_long",
             "GET /echo/" + std::string(2 * kTableMaxRequest, 'a') + " HTTP/1.1\r\n" + rest,
             {414},
             true},
            {"line_too_long_query",
             "GET /?" + std::string(2 * kTableMaxRequest, 'a') + " HTTP/1.1\r\n" + rest,
             {414},
             true},
            {"line_one_over_the_limit",
             "GET /" + std::string(kTableMaxRequest - 15, 'a') + " HTTP/1.1\r\n" + rest,
             {414},
             true},
            {"line_of_exactly_the_limit",
             "GET /" + std::string(kTableMaxRequest - 16, 'a') + " HTTP/1.1\r\n" + rest,
             {431},
             true},
            // RFC 9112 3
            {"line_method_too_long",
             after_good(std::string(2 * kTableMaxRequest, 'A')),
             {200, 501},
             true},
            {"line_too_long_method_unknown",
             after_good("BREW /" + std::string(2 * kTableMaxRequest, 'a')),
             {200, 501},
             true},
            {"line_too_long_method_none",
             after_good("\"" + std::string(2 * kTableMaxRequest, 'a')),
             {200, 400},
             true},
            {"line_too_long_in_its_end",
             "GET / HTTP/1." + std::string(2 * kTableMaxRequest, '1') + "\r\n" + rest,
             {400},
             true},
        });
}

}  // namespace

void add_request_line_cases(std::vector<RobustnessCase>& cases) {
    add_methods(cases);
    add_versions(cases);
    add_targets(cases);
    add_first_bytes(cases);
    add_line_ends(cases);
}

}  // namespace echotrio::test
