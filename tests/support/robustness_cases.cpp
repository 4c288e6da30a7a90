// What a request means: pages, work, Expect, HEAD, pipelines with an error inside.
#include "tests/support/robustness_cases.hpp"

namespace echotrio::test {
namespace {

std::string get(const std::string& target, const std::string& fields = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n";
}
std::string post(const std::string& fields, const std::string& body) {
    return "POST /echo HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n" + body;
}

void add_pages(std::vector<RobustnessCase>& cases) {
    cases.insert(cases.end(),
                 {
                     {"page_stats", get("/stats"), {200}},
                     {"page_metrics", get("/metrics"), {200}},
                     {"page_healthz", get("/healthz"), {200}},
                     {"page_stats_query", get("/stats?x=1"), {200}},
                     {"page_post_stats",
                      "POST /stats HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n",
                      {405}},
                     {"page_get_echo", get("/echo"), {405}},
                     {"page_head_echo", "HEAD /echo HTTP/1.1\r\nHost: t\r\n\r\n", {405}},
                     {"page_put_echo",
                      "PUT /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi",
                      {200}},
                     {"page_post_text",
                      "POST /echo/a HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n",
                      {405}},
                     {"page_post_nowhere",
                      "POST /no HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi",
                      {404},
                      true},
                     {"page_type_too_long",
                      post("Content-Type: " + std::string(2000, 'x') + "\r\n", ""),
                      {431},
                      true},
                     {"work_none", get("/echo/a?cpu=0&wait=0"), {200}},
                     {"work_small", get("/echo/a?cpu=1us&wait=1us"), {200}},
                     {"work_unknown_parameter", get("/echo/a?x=y&cpu=1us&&z"), {200}},
                     {"work_no_unit", get("/echo/a?cpu=5"), {400}},
                     {"work_unknown_unit", get("/echo/a?cpu=5parsec"), {400}},
                     {"work_negative", get("/echo/a?wait=-5ms"), {400}},
                     {"work_empty", get("/echo/a?cpu="), {400}},
                     {"work_no_equals", get("/echo/a?cpu"), {400}},
                     {"work_not_a_number", get("/echo/a?cpu=nan"), {400}},
                     {"work_infinite", get("/echo/a?wait=infs"), {400}},
                     {"work_over_10s", get("/echo/a?wait=10001ms"), {400}},
                     {"work_huge", get("/echo/a?wait=99999999999999999999h"), {400}},
                     {"work_twice", get("/echo/a?cpu=1us&cpu=1us"), {400}},
                     {"work_bad_and_next", get("/echo/a?cpu=5") + get("/echo/b"), {400, 200}},
                     {"work_on_stats_means_nothing", get("/stats?cpu=nonsense"), {200}},
                 });
}

void add_expect(std::vector<RobustnessCase>& cases) {
    const std::string expect = "Expect: 100-continue\r\n";
    cases.insert(
        cases.end(),
        {
            {"expect_with_length", post(expect + "Content-Length: 5\r\n", ""), {100}},
            {"expect_case", post("EXPECT: 100-Continue\r\nContent-Length: 5\r\n", ""), {100}},
            {"expect_chunked", post(expect + "Transfer-Encoding: chunked\r\n", ""), {100}},
            {"expect_no_body", post(expect + "Content-Length: 0\r\n", ""), {200}},
            {"expect_get", get("/echo/a", expect), {200}},
            {"expect_too_large", post(expect + "Content-Length: 100000\r\n", ""), {413}, true},
            {"expect_nowhere",
             "POST /no HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n" + expect + "\r\n",
             {404},
             true},
            {"expect_unknown", post("Expect: tea\r\nContent-Length: 5\r\n", ""), {417}, true},
            {"expect_list", get("/echo/a", "Expect: 100-continue, tea\r\n"), {417}, true},
            {"expect_list_other_order",
             get("/echo/a", "Expect: tea,100-continue\r\n"),
             {417},
             true},
            // RFC 9110 5.6.1
            {"expect_twice_in_list",
             post("Expect: 100-continue, 100-continue\r\nContent-Length: 5\r\n", ""),
             {100}},
            {"expect_twice", post(expect + expect + "Content-Length: 5\r\n", ""), {100}},
            {"expect_empty", post("Expect:\r\nContent-Length: 2\r\n", "hi"), {200}},
            {"expect_only_commas", post("Expect: , ,\t,\r\nContent-Length: 2\r\n", "hi"), {200}},
            {"expect_empty_members",
             post("Expect: ,\t100-continue\t,,\r\nContent-Length: 5\r\n", ""),
             {100}},
            {"expect_with_value", get("/echo/a", "Expect: 100-continue=x\r\n"), {417}, true},
            {"expect_with_parameter", get("/echo/a", "Expect: 100-continue;a=b\r\n"), {417}, true},
            {"expect_quoted_comma", get("/echo/a", "Expect: tea=\",\"\r\n"), {417}, true},
            {"expect_longer_word", get("/echo/a", "Expect: 100-continued\r\n"), {417}, true},
            {"expect_in_1_0_is_ignored",
             "POST /echo HTTP/1.0\r\nContent-Length: 2\r\n" + expect + "\r\nhi",
             {200},
             true},
            {"expect_unknown_in_1_0_is_ignored",
             "GET /echo/a HTTP/1.0\r\nExpect: tea\r\n\r\n",
             {200},
             true},
        });
}

void add_pipelines(std::vector<RobustnessCase>& cases) {
    const std::string head = "HEAD /echo/a HTTP/1.1\r\nHost: t\r\n\r\n";
    std::string hundred;
    for (int i = 0; i < 100; ++i) hundred += get("/echo/" + std::to_string(i));
    cases.insert(
        cases.end(),
        {
            {"pipeline_two", get("/echo/a") + get("/echo/b"), {200, 200}, false, true},
            {"pipeline_hundred", hundred, std::vector<int>(100, 200)},
            {"pipeline_not_found_in_the_middle",
             get("/echo/a") + get("/no") + get("/echo/b"),
             {200, 404, 200}},
            {"pipeline_error_in_the_middle",
             get("/echo/a") + get("/echo/b", "A B: c\r\n") + get("/echo/c"),
             {200, 400},
             true},
            {"pipeline_bad_chunk_in_the_middle",
             get("/echo/a") + post("Transfer-Encoding: chunked\r\n", "zz\r\n") + get("/echo/c"),
             {200, 400},
             true},
            {"pipeline_garbage_after", get("/echo/a") + "garbage\r\n\r\n", {200, 400}, true},
            {"pipeline_too_large_in_the_middle",
             get("/echo/a") + post("Content-Length: 99999\r\n", "") + get("/echo/c"),
             {200, 413},
             true},
            {"pipeline_close_in_the_middle",
             get("/echo/a") + get("/echo/b", "Connection: close\r\n") + get("/echo/c"),
             {200, 200},
             true,
             true},
            {"pipeline_head_between", get("/echo/a") + head + get("/echo/b"), {200, 200, 200}},
            {"pipeline_smuggled_get_is_a_body",
             post("Content-Length: 38\r\n", get("/echo/smuggled").substr(0, 38)) + get("/echo/b"),
             {200, 200}},
            {"pipeline_work_between",
             get("/echo/a") + get("/echo/b?wait=1ms") + get("/echo/c"),
             {200, 200, 200}},
        });
}

}  // namespace

void add_semantics_cases(std::vector<RobustnessCase>& cases) {
    add_pages(cases);
    add_expect(cases);
    add_pipelines(cases);
}

std::vector<RobustnessCase> robustness_cases() {
    std::vector<RobustnessCase> cases;
    add_request_line_cases(cases);
    add_header_cases(cases);
    add_framing_cases(cases);
    add_semantics_cases(cases);
    return cases;
}

}  // namespace echotrio::test
