// A reply goes out. Heads are put together by hand: this is the hot path.
#include "common/base/check.hpp"
#include "common/base/units.hpp"
#include "common/protocol/http.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace echotrio::protocol {
namespace {

std::string_view error_line(int status) {
    switch (status) {
        case 400:
            return "HTTP/1.1 400 Bad Request\r\n";
        case 404:
            return "HTTP/1.1 404 Not Found\r\n";
        case 405:
            return "HTTP/1.1 405 Method Not Allowed\r\n";
        case 408:
            return "HTTP/1.1 408 Request Timeout\r\n";
        case 413:
            return "HTTP/1.1 413 Content Too Large\r\n";
        case 414:
            return "HTTP/1.1 414 URI Too Long\r\n";
        case 417:
            return "HTTP/1.1 417 Expectation Failed\r\n";
        case 431:
            return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
        case 501:
            return "HTTP/1.1 501 Not Implemented\r\n";
        case 503:
            return "HTTP/1.1 503 Service Unavailable\r\n";
        case 505:
            return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
        default:
            check_failed("a status that has a line", __FILE__, __LINE__, {});
    }
}

constexpr std::string_view kText = "text/plain";
// The head of a reply without its Content-Type, rounded up.
constexpr std::size_t kHeadRoom = 256;

// Copies and gives the end. What is a literal the compiler copies in a move or two.
char* put(char* to, std::string_view text) noexcept {
    std::memcpy(to, text.data(), text.size());
    return to + text.size();
}
template <std::size_t N>
char* put(char* to, const char (&literal)[N]) noexcept {
    std::memcpy(to, literal, N - 1);
    return to + N - 1;
}

std::string about_page(const Settings& settings) {
    std::string base_cost;
    if (settings.base_cost > Nanos(0)) {
        base_cost = "Every request costs " + format_duration(settings.base_cost) +
                    " of CPU work beside its own (--base-cost).\n\n";
    }
    return "echotrio: one echo service, three models of concurrency. This one is: " +
           settings.model + ".\n\n" + base_cost +
           "  GET  /echo/TEXT    TEXT\n"
           "  POST /echo         the body\n"
           "       ?cpu=200us&wait=5ms on either: it costs that much CPU work, then waiting\n"
           "       ?native=1ms, ?hold=1ms: CPU work without a global lock; in one call that keeps "
           "it\n"
           "  GET  /stats        what the server has done, JSON\n"
           "  GET  /metrics      the same for Prometheus\n"
           "  GET  /healthz      ok\n\n"
           "Bytes that are not HTTP come back as they are (RFC 862), on the same port:\n"
           "  printf 'hello\\n' | nc -N HOST PORT\n";
}

Stats stats_of(Context& context) {
    Stats stats = context.stats.collect();
    stats.base_cost_s = seconds(context.settings.base_cost);
    return stats;
}

}  // namespace

void Http::make_reply(Context& context, Input& input) {
    const Head& head = parser_.head();
    if (room() < kReplyRoom + head.content_type.size) {
        flushing_ = true;
        return;
    }
    const Span body = make_body(context, input);
    std::string_view type = kText;
    if (resource_.page == Page::echo_body) {
        type = head.content_type.size == 0 ? "application/octet-stream"
                                           : head.content_type.in(input.view());
    } else if (resource_.page == Page::stats) {
        type = "application/json";
    } else if (resource_.page == Page::metrics) {
        type = "text/plain; version=0.0.4";
    }
    // at a drain the last request that is here gets the last reply
    const bool last =
        input.size() == head.size + body_size_ && context.draining.load(std::memory_order_relaxed);
    append_head(context, 200, type, body.size, head.keep_alive && !last);
    if (resource_.page == Page::options) append_allow(context);
    append(context, "\r\n");
    context.counters.requests.add();
    if (head.method == Method::head || body.size <= room()) {
        if (head.method != Method::head) {
            append(context, body.in(rest_is_page_ ? std::string_view(page_) : input.view()));
        }
        finish_request(input);
        return;
    }
    rest_at_ = body.at;
    rest_size_ = body.size;
    flushing_ = true;
    phase_ = Phase::rest;
}

// Where the reply's body lies: in page_ or in the input.
Span Http::make_body(Context& context, Input& input) {
    const Head& head = parser_.head();
    rest_is_page_ = true;
    switch (resource_.page) {
        case Page::echo_body:
            rest_is_page_ = false;
            return {head.size, body_size_};
        case Page::echo_text: {
            rest_is_page_ = false;
            Span text{head.target.at + resource_.text.at, resource_.text.size};
            if (resource_.encoded) {
                input.keep();
                text.size = percent_decode(input.own() + text.at, text.size);
            }
            return text;
        }
        case Page::stats:
            page_ = to_json(stats_of(context));
            break;
        case Page::metrics:
            page_ = to_prometheus(stats_of(context));
            break;
        case Page::healthz:
            page_ = "ok";
            break;
        case Page::about:
            page_ = about_page(context.settings);
            break;
        case Page::options:
            break;
        case Page::none:
            CHECK(false);
    }
    return {0, page_.size()};
}

// An error of its own in the reply's place; the head is not to be trusted afterwards when
// keep_alive is false.
void Http::make_error(Context& context, const Input& input, const Problem& problem,
                      bool keep_alive) {
    const std::string_view reason = problem.reason.substr(0, kLongestReason);
    append_head(context, problem.status, kText, reason.size() + 1, keep_alive);
    if (problem.status == 405) append_allow(context);
    append(context, "\r\n");
    // RFC 9110 9.3.2: to a HEAD no content, be it one that could not be read
    if (!input.view().starts_with("HEAD ")) {
        append(context, reason);
        append(context, "\n");
    }
    context.counters.requests.add();
    if (problem.status != 408 && problem.status != 503) context.counters.bad_requests.add();
}

bool Http::fail(Context& context, const Input& input, const Problem& problem, CloseReason reason) {
    make_error(context, input, problem, false);
    reason_ = reason;
    phase_ = Phase::closing;
    return true;
}

bool Http::answer_timeout(Context& context, const Input& input) {
    if (phase_ > Phase::body || pending() > 0 || input.empty()) return false;
    return fail(context, input, {408, "the request did not arrive in time"}, CloseReason::timeout);
}

void Http::answer_refusal(Context& context, const Input& input) {
    fail(context, input, {503, "too many connections; try again later"}, CloseReason::refused);
}

void Http::append_continue(Context& context) {
    append(context, "HTTP/1.1 100 Continue\r\n\r\n");
}

void Http::append_allow(Context& context) noexcept {
    append(context, "Allow: ");
    append(context, resource_.allow);
    append(context, "\r\n");
}

// Without the empty line, so that a field may follow. Sets closing_.
void Http::append_head(Context& context, int status, std::string_view type, std::size_t length,
                       bool keep_alive) noexcept {
    CHECK_LE(type.size() + kHeadRoom, room());
    if (--context.replies_left == 0) [[unlikely]]
        keep_alive = false;
    char* to = context.output.data() + made_;
    to = status == 200 ? put(to, "HTTP/1.1 200 OK\r\n") : put(to, error_line(status));
    std::memcpy(to, context.date.at(context.unix_time()).data(), DateLine::kSize);
    to = put(to + DateLine::kSize, "Content-Type: ");
    to = put(to, type);
    to = put(to, "\r\nContent-Length: ");
    to = std::to_chars(to, to + 20, length).ptr;
    to = put(to, "\r\n");
    if (!keep_alive) {
        to = put(to, "Connection: close\r\n");
    } else if (parser_.head().http_1_0) {
        to = put(to, "Connection: keep-alive\r\n");
    }
    made_ = static_cast<std::size_t>(to - context.output.data());
    closing_ = !keep_alive;
    ++replies_;
}

void Http::append(Context& context, std::string_view text) noexcept {
    CHECK_LE(text.size(), room());
    std::memcpy(context.output.data() + made_, text.data(), text.size());
    made_ += text.size();
}

}  // namespace echotrio::protocol
