// Header fields: their syntax, Host, Connection.
#include "tests/support/robustness_cases.hpp"

namespace echotrio::test {
namespace {

// A GET that is good but for the field lines given.
std::string with(const std::string& fields) {
    return "GET /echo/a HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n";
}
std::string with_1_0(const std::string& fields) {
    return "GET /echo/a HTTP/1.0\r\n" + fields + "\r\n";
}
std::string with_host(const std::string& field) {
    return "GET /echo/a HTTP/1.1\r\n" + field + "\r\n";
}

void add_syntax(std::vector<RobustnessCase>& cases) {
    const std::string null(1, '\0');
    cases.insert(
        cases.end(),
        {
            {"field_plain", with("A: b\r\n"), {200}, false, true},
            {"field_empty_value", with("A:\r\n"), {200}, false, true},
            {"field_no_space", with("A:b\r\n"), {200}, false, true},
            {"field_tabs_around_value", with("A:\tb\t\r\n"), {200}, false, true},
            {"field_spaces_around_value", with("A:    b    \r\n"), {200}, false, true},
            {"field_every_token_mark", with("!#$%&'*+-.^_`|~09azAZ: b\r\n"), {200}},
            {"field_value_not_ascii", with("A: \xc3\xa4\xff\r\n"), {200}, false, true},
            {"field_space_before_colon", with("A : b\r\n"), {400}, true},
            {"field_tab_before_colon", with("A\t: b\r\n"), {400}, true},
            {"field_space_in_name", with("A B: c\r\n"), {400}, true},
            {"field_no_colon", with("Abc\r\n"), {400}, true},
            {"field_empty_name", with(": b\r\n"), {400}, true},
            {"field_name_not_ascii", with("\xc3\xa4: b\r\n"), {400}, true},
            {"field_name_brackets", with("A[0]: b\r\n"), {400}, true},
            {"field_name_at", with("A@b: c\r\n"), {400}, true},
            {"field_name_slash", with("A/b: c\r\n"), {400}, true},
            {"field_name_quote", with("\"A\": c\r\n"), {400}, true},
            {"field_null_in_name", with("A" + null + "b: c\r\n"), {400}, true, true},
            {"field_null_in_value", with("A: b" + null + "c\r\n"), {400}, true, true},
            {"field_control_in_value", with("A: b\x01\x63\r\n"), {400}, true},
            {"field_escape_in_value", with("A: \x1b[0m\r\n"), {400}, true},
            {"field_delete_in_value", with("A: b\x7f\x63\r\n"), {400}, true},
            {"field_cr_in_value", with("A: b\rc\r\n"), {400}, true},
            {"field_cr_hides_field", with("A: b\rContent-Length: 5\r\n"), {400}, true},
            {"field_lf_hides_field", with("A: b\nContent-Length: 5\r\n"), {400}, true},
            {"field_empty_then_cr", with("A:\rContent-Length: 5\r\n"), {400}, true},
            {"field_cr_in_name", with("A\rB: c\r\n"), {400}, true},
            {"field_bare_lf", with("A: b\n"), {400}, true},
            {"field_cr_cr_lf", with("A: b\r\r\n"), {400}, true},
            {"field_folded", with("A: b\r\n c\r\n"), {400}, true},
            {"field_folded_tab", with("A: b\r\n\tc\r\n"), {400}, true},
            {"field_folded_empty", with("A: b\r\n \r\n"), {400}, true},
            {"field_folded_length", with("Content-Length:\r\n 5\r\n"), {400}, true},
            {"field_first_begins_with_space",
             "GET /echo/a HTTP/1.1\r\n Host: t\r\n\r\n",
             {400},
             true,
             true},
            {"field_end_bare_lf", "GET /echo/a HTTP/1.1\r\nHost: t\r\n\n", {400}, true},
            {"field_end_bare_cr", "GET /echo/a HTTP/1.1\r\nHost: t\r\n\rx\r\n\r\n", {400}, true},
            {"field_many",
             with([] {
                 std::string fields;
                 for (int i = 0; i < 500; ++i) fields += "A" + std::to_string(i) + ": b\r\n";
                 return fields;
             }()),
             {200}},
            {"field_endless",
             with(std::string(2 * kTableMaxRequest, 'a') + ": b\r\n"),
             {431},
             true},
            {"field_value_endless",
             with("A: " + std::string(2 * kTableMaxRequest, 'b') + "\r\n"),
             {431},
             true},
            {"fields_too_many",
             with([] {
                 std::string fields;
                 while (fields.size() < 2 * kTableMaxRequest) fields += "A: b\r\n";
                 return fields;
             }()),
             {431},
             true},
            {"head_of_exactly_the_limit",
             with("A: " + std::string(kTableMaxRequest - with("A: \r\n").size(), 'b') + "\r\n"),
             {200}},
            {"head_one_over_the_limit",
             with("A: " + std::string(kTableMaxRequest - with("A: \r\n").size() + 1, 'b') + "\r\n"),
             {431},
             true},
        });
}

void add_host(std::vector<RobustnessCase>& cases) {
    cases.insert(
        cases.end(),
        {
            {"host_missing", with_host(""), {400}, true, true},
            {"host_missing_in_1_0", with_1_0(""), {200}, true, true},
            {"host_empty", with_host("Host:\r\n"), {200}},
            {"host_twice", with_host("Host: t\r\nHost: t\r\n"), {400}, true, true},
            {"host_twice_differing", with_host("Host: t\r\nHost: u\r\n"), {400}, true, true},
            {"host_twice_in_1_0", with_1_0("Host: t\r\nHost: u\r\n"), {400}, true, true},
            {"host_port", with_host("Host: t:8080\r\n"), {200}, false, true},
            {"host_ipv6", with_host("Host: [::1]:80\r\n"), {200}, false, true},
            {"host_ipv6_alone", with_host("Host: [2001:db8::7]\r\n"), {200}},
            {"host_ipv6_whole", with_host("Host: [1:2:3:4:5:6:7:8]\r\n"), {200}},
            {"host_ipv6_any", with_host("Host: [::]\r\n"), {200}},
            {"host_ipv6_of_ipv4", with_host("Host: [::ffff:127.0.0.1]\r\n"), {200}},
            {"host_ip_future", with_host("Host: [v1.a:b]\r\n"), {200}},
            {"host_ipv4", with_host("Host: 127.0.0.1:80\r\n"), {200}},
            {"host_port_empty", with_host("Host: t:\r\n"), {200}},
            {"host_name_with_marks", with_host("Host: a_b-c.d~!$&'()*+,;=\r\n"), {200}},
            {"host_name_with_comma", with_host("Host: a,b\r\n"), {200}},
            {"host_percent_encoded", with_host("Host: a%2Eb%c3%A4:80\r\n"), {200}},
            {"host_tabs_around", with_host("Host:\tt\t\r\n"), {200}},
            {"host_empty_and_tabs", with_host("Host:\t \t\r\n"), {200}},
            // RFC 9112 3.2, RFC 3986 3.2.2
            {"host_port_no_number", with_host("Host: a:b\r\n"), {400}, true},
            {"host_port_signed", with_host("Host: a:+80\r\n"), {400}, true},
            {"host_two_ports", with_host("Host: a:80:90\r\n"), {400}, true},
            {"host_only_port", with_host("Host: :80\r\n"), {400}, true},
            {"host_ipv6_without_brackets", with_host("Host: ::1\r\n"), {400}, true},
            {"host_bracket_open", with_host("Host: [::1\r\n"), {400}, true},
            {"host_bracket_closed", with_host("Host: ::1]\r\n"), {400}, true},
            {"host_brackets_empty", with_host("Host: []\r\n"), {400}, true},
            {"host_brackets_then_text", with_host("Host: [::1]a\r\n"), {400}, true},
            {"host_name_in_brackets", with_host("Host: [a]\r\n"), {400}, true},
            {"host_ipv4_in_brackets", with_host("Host: [127.0.0.1]\r\n"), {400}, true},
            {"host_ipv6_too_short", with_host("Host: [1:2:3:4:5:6:7]\r\n"), {400}, true},
            {"host_ipv6_too_long", with_host("Host: [1:2:3:4:5:6:7:8:9]\r\n"), {400}, true},
            {"host_ipv6_elided_twice", with_host("Host: [1::2::3]\r\n"), {400}, true},
            {"host_ipv6_zone", with_host("Host: [fe80::1%25eth0]\r\n"), {400}, true},
            {"host_bad_percent", with_host("Host: a%zz\r\n"), {400}, true},
            {"host_percent_at_end", with_host("Host: a%4\r\n"), {400}, true},
            {"host_with_query", with_host("Host: a?b\r\n"), {400}, true},
            {"host_with_fragment", with_host("Host: a#b\r\n"), {400}, true},
            {"host_quoted", with_host("Host: \"a\"\r\n"), {400}, true},
            {"host_bad_in_1_0", with_1_0("Host: a:b\r\n"), {400}, true},
            {"host_bad_beside_absolute_target",
             "GET http://t/echo/a HTTP/1.1\r\nHost: a:b\r\n\r\n",
             {400},
             true},
            {"host_upper_case_name", with_host("HOST: t\r\n"), {200}, false, true},
            {"host_list", with_host("Host: t, u\r\n"), {400}, true},
            {"host_with_space", with_host("Host: t u\r\n"), {400}, true, true},
            {"host_with_slash", with_host("Host: t/u\r\n"), {400}, true, true},
            {"host_with_user", with_host("Host: a@t\r\n"), {400}, true},
            {"host_not_ascii", with_host("Host: \xc3\xa4\r\n"), {400}, true},
            {"host_name_space_colon", with_host("Host : t\r\n"), {400}, true},
        });
}

void add_connection(std::vector<RobustnessCase>& cases) {
    cases.insert(
        cases.end(),
        {
            {"connection_close", with("Connection: close\r\n"), {200}, true, true},
            {"connection_close_case", with("Connection: CLOSE\r\n"), {200}, true, true},
            {"connection_close_in_list", with("Connection: x, close\r\n"), {200}, true},
            {"connection_close_first_in_list", with("Connection: close, x\r\n"), {200}, true},
            {"connection_close_second_field",
             with("Connection: x\r\nConnection: close\r\n"),
             {200},
             true},
            {"connection_close_and_keep_alive",
             with("Connection: keep-alive, close\r\n"),
             {200},
             true},
            {"connection_close_tab", with("Connection:\tclose\t\r\n"), {200}, true},
            {"connection_keep_alive", with("Connection: keep-alive\r\n"), {200}, false, true},
            {"connection_unknown", with("Connection: x\r\n"), {200}, false, true},
            {"connection_closer", with("Connection: closer\r\n"), {200}},
            {"connection_not_close", with("Connection: x-close\r\n"), {200}},
            {"connection_empty", with("Connection:\r\n"), {200}, false, true},
            {"connection_close_drops_the_rest",
             with("Connection: close\r\n") + with(""),
             {200},
             true,
             true},
            {"connection_1_0", with_1_0(""), {200}, true, true},
            {"connection_1_0_keep_alive",
             with_1_0("Connection: keep-alive\r\n"),
             {200},
             false,
             true},
            {"connection_1_0_keep_alive_case",
             with_1_0("Connection: Keep-Alive\r\n"),
             {200},
             false,
             true},
            {"connection_1_0_keep_alive_and_close",
             with_1_0("Connection: keep-alive, close\r\n"),
             {200},
             true},
            {"upgrade_is_not_taken_up",
             with("Connection: Upgrade\r\nUpgrade: websocket\r\n"),
             {200},
             false,
             true},
            {"upgrade_h2c_then_another",
             with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n") +
                 with(""),
             {200, 200},
             false,
             true},
            {"upgrade_without_connection", with("Upgrade: h2c\r\n"), {200}, false, true},
        });
}

}  // namespace

void add_header_cases(std::vector<RobustnessCase>& cases) {
    add_syntax(cases);
    add_host(cases);
    add_connection(cases);
}

}  // namespace echotrio::test
