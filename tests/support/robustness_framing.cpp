// Where a body ends: Content-Length, chunks, both, and requests smuggled in between.
#include "tests/support/robustness_cases.hpp"

namespace echotrio::test {
namespace {

const std::string kNext = "GET /echo/next HTTP/1.1\r\nHost: t\r\n\r\n";

std::string post(const std::string& fields, const std::string& body) {
    return "POST /echo HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) {
    return post("Transfer-Encoding: chunked\r\n", body);
}
std::string length(const std::string& value, const std::string& body = "hello") {
    return post("Content-Length: " + value + "\r\n", body);
}

void add_length(std::vector<RobustnessCase>& cases) {
    const std::string post_1_0 = "POST /echo HTTP/1.0\r\n";
    cases.insert(
        cases.end(),
        {
            {"length_5", length("5"), {200}},
            {"length_5_then_next", length("5") + kNext, {200, 200}},
            {"length_0_then_next", length("0", "") + kNext, {200, 200}},
            {"length_missing_means_0", post("", "") + kNext, {200, 200}},
            {"length_leading_zeros", length("005") + kNext, {200, 200}},
            // RFC 9112 5
            {"length_tab_after", length("5\t") + kNext, {200, 200}},
            {"length_tabs_around", post("Content-Length:\t5\t\r\n", "hello") + kNext, {200, 200}},
            {"length_spaces_and_tabs", length(" \t 5 \t \t") + kNext, {200, 200}},
            {"length_spaces_around", length("  5  ") + kNext, {200, 200}},
            {"length_tab_inside", length("5\t5"), {400}, true},
            {"length_only_tabs", length("\t\t"), {400}, true},
            {"length_tab_before_colon", post("Content-Length\t: 5\r\n", "hello"), {400}, true},
            {"length_tab_and_encoding",
             post("Content-Length: 5\t\r\nTransfer-Encoding: chunked\t\r\n", "0\r\n\r\n"),
             {400},
             true},
            {"length_twice_and_tabs",
             post("Content-Length: 5\t\r\nContent-Length:\t5\r\n", "hello"),
             {400},
             true},
            {"length_empty", length(""), {400}, true},
            {"length_negative", length("-5"), {400}, true, false},
            {"length_plus", length("+5"), {400}, true},
            {"length_hex", length("0x5"), {400}, true},
            {"length_letters", length("five"), {400}, true},
            {"length_fraction", length("5.0"), {400}, true},
            {"length_exponent", length("5e0"), {400}, true},
            {"length_spaces_inside", length("5 5"), {400}, true},
            {"length_list", length("5, 5"), {400}, true},
            {"length_list_differing", length("5, 6"), {400}, true},
            {"length_semicolon", length("5;"), {400}, true},
            {"length_quoted", length("\"5\""), {400}, true},
            {"length_arabic_digits", length("\xd9\xa5"), {400}, true},
            {"length_null", length(std::string("5\0", 2)), {400}, true},
            {"length_2_pow_64", length("18446744073709551616"), {400}, true},
            {"length_2_pow_64_plus_5", length("18446744073709551621"), {400}, true},
            {"length_2_pow_64_minus_1", length("18446744073709551615"), {413}, true},
            {"length_2_pow_63", length("9223372036854775808"), {413}, true},
            {"length_2_pow_32_plus_5", length("4294967301"), {413}, true},
            {"length_overlong", length(std::string(100, '9')), {400}, true},
            {"length_twice_same",
             post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
             {400},
             true},
            {"length_twice_differing",
             post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"),
             {400},
             true},
            {"length_space_before_colon", post("Content-Length : 5\r\n", "hello"), {400}, true},
            {"length_name_case", post("cONTENT-lENGTH: 5\r\n", "hello") + kNext, {200, 200}},
            {"length_one_over_the_limit",
             length(std::to_string(kTableMaxRequest - length("10000", "").size() + 1), ""),
             {413},
             true},
            {"length_exactly_the_limit",
             length(std::to_string(kTableMaxRequest - length("10000", "").size()),
                    std::string(kTableMaxRequest - length("10000", "").size(), 'x')) +
                 kNext,
             {200, 200}},
            {"length_over_the_limit_and_sent",
             length("40000", std::string(40'000, 'x')),
             {413},
             true},
            {"length_on_get",
             "GET /echo/a HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello" + kNext,
             {200, 200}},
            {"length_on_get_hides_request",
             "GET /echo/a HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(kNext.size()) +
                 "\r\n\r\n" + kNext + kNext,
             {200, 200}},
            {"length_in_1_0", post_1_0 + "Content-Length: 5\r\n\r\nhello", {200}, true},
            {"length_missing_in_1_0", post_1_0 + "\r\n", {200}, true},
        });
}

void add_encoding(std::vector<RobustnessCase>& cases) {
    const std::string body = "5\r\nhello\r\n0\r\n\r\n";
    const auto te = [&](const std::string& value) {
        return post("Transfer-Encoding: " + value + "\r\n", body);
    };
    cases.insert(
        cases.end(),
        {
            {"encoding_chunked", chunked(body) + kNext, {200, 200}},
            {"encoding_chunked_case", te("CHUNKED") + kNext, {200, 200}},
            {"encoding_spaces_around", te("   chunked   ") + kNext, {200, 200}},
            {"encoding_tab_before", te("\tchunked") + kNext, {200, 200}},
            {"encoding_tab_after", te("chunked\t") + kNext, {200, 200}},
            {"encoding_spaces_and_tabs", te(" \t chunked \t ") + kNext, {200, 200}},
            {"encoding_tab_inside", te("chun\tked"), {400}, true},
            {"encoding_gzip_chunked_tab_after", te("gzip, chunked\t"), {501}, true},
            {"encoding_gzip_chunked_tabs", te("gzip,\tchunked\t"), {501}, true},
            {"encoding_tab_after_and_expect_unknown",
             post("Transfer-Encoding: chunked\t\r\nExpect: tea\r\n", body),
             {417},
             true},
            {"encoding_chunked_tab_gzip", te("chunked\t,\tgzip"), {400}, true},
            {"encoding_identity", te("identity"), {400}, true},
            {"encoding_gzip_chunked", te("gzip, chunked"), {501}, true},
            {"encoding_chunked_gzip", te("chunked, gzip"), {400}, true},
            {"encoding_chunked_twice_in_list", te("chunked, chunked"), {400}, true},
            {"encoding_chunked_twice",
             post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", body),
             {400},
             true},
            {"encoding_gzip_then_chunked_fields",
             post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", body),
             {501},
             true},
            {"encoding_chunked_then_identity_fields",
             post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", body),
             {400},
             true},
            {"encoding_empty", te(""), {400}, true},
            {"encoding_quoted", te("\"chunked\""), {400}, true},
            {"encoding_longer_word", te("chunkedx"), {400}, true},
            {"encoding_prefixed_word", te("xchunked"), {400}, true},
            {"encoding_parameter", te("chunked;q=1"), {400}, true},
            {"encoding_comma_after", te("chunked,"), {400}, true},
            {"encoding_comma_before", te(", chunked"), {501}, true},
            {"encoding_vertical_tab", te("\vchunked"), {400}, true},
            {"encoding_null", te(std::string("chunked\0", 8)), {400}, true},
            {"encoding_space_before_colon",
             post("Transfer-Encoding : chunked\r\n", body),
             {400},
             true},
            {"encoding_folded", post("Transfer-Encoding:\r\n chunked\r\n", body), {400}, true},
            {"encoding_underscore_is_another_field",
             post("Transfer_Encoding: chunked\r\nContent-Length: 15\r\n", body) + kNext,
             {200, 200}},
            {"encoding_in_1_0",
             "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + body,
             {400},
             true},
            {"encoding_on_get",
             "GET /echo/a HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" + body + kNext,
             {200, 200}},
        });
}

// RFC 9112 6.1 lets a server refuse these, and a proxy in front might believe the length.
void add_length_and_encoding(std::vector<RobustnessCase>& cases) {
    const std::string body = "5\r\nhello\r\n0\r\n\r\n";
    cases.insert(
        cases.end(),
        {
            {"encoding_and_length",
             post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", body),
             {400},
             true,
             false},
            {"encoding_then_length",
             post("Transfer-Encoding: chunked\r\nContent-Length: 15\r\n", body),
             {400},
             true},
            {"encoding_and_length_0",
             post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", body),
             {400},
             true},
            {"encoding_between_two_lengths",
             post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", body),
             {400},
             true},
            {"encoding_and_length_not_a_number",
             post("Transfer-Encoding: chunked\r\nContent-Length: x\r\n", body),
             {400},
             true},
            {"encoding_and_length_empty",
             post("Transfer-Encoding: chunked\r\nContent-Length:\r\n", body),
             {400},
             true},
            {"encoding_gzip_and_length",
             post("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "hello"),
             {400},
             true},
            {"encoding_and_length_on_get",
             "GET /echo/a HTTP/1.1\r\nHost: t\r\nContent-Length: 15\r\nTransfer-Encoding: "
             "chunked\r\n\r\n" +
                 body,
             {400},
             true},
            {"encoding_and_length_in_1_0",
             "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
             {400},
             true},
            {"encoding_identity_and_length",
             post("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "hello"),
             {400},
             true},
        });
}

void add_chunks(std::vector<RobustnessCase>& cases) {
    const std::string end = "\r\n0\r\n\r\n";
    cases.insert(
        cases.end(),
        {
            {"chunk_none", chunked("0\r\n\r\n") + kNext, {200, 200}},
            {"chunk_two", chunked("5\r\nhello\r\n1\r\n!" + end) + kNext, {200, 200}},
            {"chunk_upper_case_size", chunked("A\r\n0123456789" + end) + kNext, {200, 200}},
            {"chunk_lower_case_size", chunked("a\r\n0123456789" + end) + kNext, {200, 200}},
            {"chunk_leading_zeros", chunked("0005\r\nhello" + end) + kNext, {200, 200}},
            {"chunk_last_of_many_zeros", chunked("5\r\nhello\r\n000\r\n\r\n") + kNext, {200, 200}},
            {"chunk_size_empty", chunked("\r\nhello" + end), {400}, true},
            {"chunk_size_negative", chunked("-5\r\nhello" + end), {400}, true},
            {"chunk_size_plus", chunked("+5\r\nhello" + end), {400}, true},
            {"chunk_size_0x", chunked("0x5\r\nhello" + end), {400}, true},
            {"chunk_size_letter_after", chunked("5g\r\nhello" + end), {400}, true},
            {"chunk_size_underscore", chunked("5_0\r\nhello" + end), {400}, true},
            {"chunk_size_leading_space", chunked(" 5\r\nhello" + end), {400}, true},
            {"chunk_size_trailing_space", chunked("5 \r\nhello" + end), {400}, true},
            {"chunk_size_trailing_tab", chunked("5\t\r\nhello" + end), {400}, true},
            {"chunk_size_2_pow_64", chunked("10000000000000000\r\nhello" + end), {400}, true},
            {"chunk_size_2_pow_64_plus_5",
             chunked("10000000000000005\r\nhello" + end),
             {400},
             true},
            {"chunk_size_overlong", chunked(std::string(40, 'f') + "\r\nhello" + end), {400}, true},
            {"chunk_size_too_large", chunked("fffff\r\n" + std::string(20'000, 'x')), {413}, true},
            {"chunk_size_null", chunked(std::string("5\0\r\n", 4) + "hello" + end), {400}, true},
            {"chunk_size_bare_lf", chunked("5\nhello" + end), {400}, true},
            {"chunk_size_bare_cr", chunked("5\rhello" + end), {400}, true},
            {"chunk_size_cr_cr_lf", chunked("5\r\r\nhello" + end), {400}, true},
            {"chunk_size_2_pow_64_minus_1",
             chunked("ffffffffffffffff\r\nhello" + end),
             {413},
             true},
            {"chunk_size_more_zeros_than_digits",
             chunked(std::string(40, '0') + "5\r\nhello" + end) + kNext,
             {200, 200}},
            {"chunk_size_h", chunked("5h\r\nhello" + end), {400}, true},
            {"chunk_size_quoted", chunked("\"5\"\r\nhello" + end), {400}, true},
            {"chunk_size_two", chunked("5 5\r\nhello" + end), {400}, true},
            {"chunk_size_not_ascii", chunked("\xd9\xa5\r\nhello" + end), {400}, true},
            {"chunk_size_then_lf_cr", chunked("5\n\rhello" + end), {400}, true},
            {"chunk_data_too_short", chunked("6\r\nhello" + end), {400}, true},
            {"chunk_data_too_long", chunked("4\r\nhello" + end), {400}, true},
            {"chunk_data_then_bare_lf", chunked("5\r\nhello\n0\r\n\r\n"), {400}, true},
            {"chunk_data_then_bare_cr", chunked("5\r\nhello\r0\r\n\r\n"), {400}, true},
            {"chunk_data_then_nothing", chunked("5\r\nhello0\r\n\r\n"), {400}, true},
            {"chunk_data_then_other_bytes", chunked("5\r\nhelloXX0\r\n\r\n"), {400}, true},
            {"chunk_last_bare_lf", chunked("5\r\nhello\r\n0\n\r\n"), {400}, true},
            {"chunk_end_bare_lf", chunked("5\r\nhello\r\n0\r\n\n"), {400}, true},
            {"chunk_end_bare_cr", chunked("5\r\nhello\r\n0\r\n\rx\r\n"), {400}, true},
            {"chunk_endless_tiny",
             chunked([] {
                 std::string many;
                 while (many.size() < 2 * kTableMaxRequest) many += "1\r\nx\r\n";
                 return many;
             }()),
             {413},
             true},
        });
}

// RFC 9112 7.1.1
void add_chunk_extensions(std::vector<RobustnessCase>& cases) {
    const std::string end = "\r\n0\r\n\r\n";
    cases.insert(
        cases.end(),
        {
            {"chunk_extension", chunked("5;a=b\r\nhello" + end) + kNext, {200, 200}},
            {"chunk_extension_without_value", chunked("5;a\r\nhello" + end) + kNext, {200, 200}},
            {"chunk_extension_quoted", chunked("5;a=\"b c\"\r\nhello" + end) + kNext, {200, 200}},
            {"chunk_extension_quoted_escape",
             chunked("5;a=\"b\\\"\\\\;c\"\r\nhello" + end) + kNext,
             {200, 200}},
            {"chunk_extension_quoted_not_ascii",
             chunked("5;a=\"\xc3\xa4\"\r\nhello" + end) + kNext,
             {200, 200}},
            {"chunk_extension_spaces_around_marks",
             chunked("5 \t;\ta = b ; c\r\nhello" + end) + kNext,
             {200, 200}},
            {"chunk_extension_every_token_mark",
             chunked("5;!#$%&'*+-.^_`|~=09azAZ\r\nhello" + end) + kNext,
             {200, 200}},
            {"chunk_extension_many", chunked("5;a;b=c;d=\"e\"\r\nhello" + end) + kNext, {200, 200}},
            {"chunk_extension_on_last", chunked("5\r\nhello\r\n0;a=b\r\n\r\n") + kNext, {200, 200}},
            {"chunk_extension_bare_lf", chunked("5;a\nhello" + end), {400}, true},
            {"chunk_extension_bare_cr", chunked("5;a\rb\r\nhello" + end), {400}, true},
            {"chunk_extension_hides_lf", chunked("5;a=\nb\r\nhello" + end), {400}, true},
            {"chunk_extension_quoted_lf", chunked("5;a=\"\n\"\r\nhello" + end), {400}, true},
            {"chunk_extension_null",
             chunked(std::string("5;a\0\r\n", 6) + "hello" + end),
             {400},
             true},
            {"chunk_extension_no_name", chunked("5;\r\nhello" + end), {400}, true},
            {"chunk_extension_name_empty", chunked("5;=b\r\nhello" + end), {400}, true},
            {"chunk_extension_two_semicolons", chunked("5;;a\r\nhello" + end), {400}, true},
            {"chunk_extension_no_semicolon", chunked("5 a\r\nhello" + end), {400}, true},
            {"chunk_extension_space_after", chunked("5;a \r\nhello" + end), {400}, true},
            {"chunk_extension_space_in_name", chunked("5;a b\r\nhello" + end), {400}, true},
            {"chunk_extension_value_empty", chunked("5;a=\r\nhello" + end), {400}, true},
            {"chunk_extension_value_mark", chunked("5;a=(b)\r\nhello" + end), {400}, true},
            {"chunk_extension_two_equals", chunked("5;a==b\r\nhello" + end), {400}, true},
            {"chunk_extension_quote_open", chunked("5;a=\"b\r\nhello" + end), {400}, true},
            {"chunk_extension_quote_escaped", chunked("5;a=\"b\\\"\r\nhello" + end), {400}, true},
            {"chunk_extension_quote_in_token", chunked("5;a=b\"c\"\r\nhello" + end), {400}, true},
            {"chunk_extension_after_quote", chunked("5;a=\"b\"c\r\nhello" + end), {400}, true},
            {"chunk_extension_quoted_control", chunked("5;a=\"\x01\"\r\nhello" + end), {400}, true},
            {"chunk_extension_escaped_control",
             chunked("5;a=\"\\\x7f\"\r\nhello" + end),
             {400},
             true},
            {"chunk_extension_escaped_cr", chunked("5;a=\"\\\r\n\"\r\nhello" + end), {400}, true},
            {"chunk_extension_endless", chunked("5;" + std::string(20'000, 'a')), {413}, true},
        });
}

void add_trailers(std::vector<RobustnessCase>& cases) {
    cases.insert(
        cases.end(),
        {
            {"trailer", chunked("5\r\nhello\r\n0\r\nA: b\r\n\r\n") + kNext, {200, 200}},
            {"trailer_two", chunked("0\r\nA: b\r\nC: d\r\n\r\n") + kNext, {200, 200}},
            {"trailer_length_is_ignored",
             chunked("5\r\nhello\r\n0\r\nContent-Length: 100\r\n\r\n") + kNext,
             {200, 200}},
            {"trailer_close_is_ignored",
             chunked("5\r\nhello\r\n0\r\nConnection: close\r\n\r\n") + kNext,
             {200, 200}},
            {"trailer_second_host", chunked("0\r\nHost: u\r\n\r\n") + kNext, {200, 200}},
            {"trailer_length_0_is_ignored",
             chunked("5\r\nhello\r\n0\r\nContent-Length: 0\r\n\r\n") + kNext,
             {200, 200}},
            {"trailer_length_twice_is_ignored",
             chunked("0\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n") + kNext,
             {200, 200}},
            {"trailer_length_not_a_number_is_ignored",
             chunked("0\r\nContent-Length: x\r\n\r\n") + kNext,
             {200, 200}},
            {"trailer_length_hides_request",
             chunked("0\r\nContent-Length: " + std::to_string(kNext.size()) + "\r\n\r\n") + kNext +
                 kNext,
             {200, 200, 200}},
            {"trailer_encoding_is_ignored",
             chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n") + kNext,
             {200, 200}},
            {"trailer_other_encoding_is_ignored",
             chunked("0\r\nTransfer-Encoding: gzip\r\n\r\n") + kNext,
             {200, 200}},
            {"trailer_upgrade_is_ignored",
             chunked("0\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n") + kNext,
             {200, 200}},
            {"trailer_expect_is_ignored", chunked("0\r\nExpect: x\r\n\r\n") + kNext, {200, 200}},
            {"trailer_empty_value", chunked("0\r\nA:\r\n\r\n") + kNext, {200, 200}},
            {"trailer_tabs_around_value", chunked("0\r\nA:\tb\t\r\n\r\n") + kNext, {200, 200}},
            {"trailer_value_not_ascii", chunked("0\r\nA: \xc3\xa4\r\n\r\n") + kNext, {200, 200}},
            {"trailer_colons", chunked("0\r\nA::b:\r\n\r\n") + kNext, {200, 200}},
            {"trailer_empty_name", chunked("0\r\n: b\r\n\r\n"), {400}, true},
            {"trailer_name_not_ascii", chunked("0\r\n\xc3\xa4: b\r\n\r\n"), {400}, true},
            {"trailer_name_brackets", chunked("0\r\nA[0]: b\r\n\r\n"), {400}, true},
            {"trailer_control_in_value", chunked("0\r\nA: \x01\r\n\r\n"), {400}, true},
            {"trailer_delete_in_value", chunked("0\r\nA: \x7f\r\n\r\n"), {400}, true},
            {"trailer_first_begins_with_space", chunked("0\r\n A: b\r\n\r\n"), {400}, true},
            {"trailer_space_before_colon", chunked("0\r\nA : b\r\n\r\n"), {400}, true},
            {"trailer_no_colon", chunked("0\r\nAbc\r\n\r\n"), {400}, true},
            {"trailer_null", chunked("0\r\nA: " + std::string(1, '\0') + "\r\n\r\n"), {400}, true},
            {"trailer_bare_lf", chunked("0\r\nA: b\n\r\n"), {400}, true},
            {"trailer_bare_cr", chunked("0\r\nA: b\rC: d\r\n\r\n"), {400}, true},
            {"trailer_folded", chunked("0\r\nA: b\r\n c\r\n\r\n"), {400}, true},
            {"trailer_endless", chunked("0\r\nA: " + std::string(20'000, 'b')), {413}, true},
        });
}

}  // namespace

void add_framing_cases(std::vector<RobustnessCase>& cases) {
    add_length(cases);
    add_encoding(cases);
    add_length_and_encoding(cases);
    add_chunks(cases);
    add_chunk_extensions(cases);
    add_trailers(cases);
}

}  // namespace echotrio::test
