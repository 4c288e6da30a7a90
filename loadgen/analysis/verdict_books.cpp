// Whether the figures of a run fit each other, and how many requests were lost.
#include "loadgen/analysis/verdict_rows.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace echotrio::loadgen {
namespace {

using Answer = std::optional<Found>;

double share(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

double as_double(std::uint64_t n) {
    return static_cast<double>(n);
}

Answer wrong_reply(const Judged& run) {
    if (run.r.errors.mismatch == 0) return {};
    return Found{fmt::format("{} replies differ from what was sent", run.r.errors.mismatch),
                 "the server (or something between) corrupts data; look at it with --size 64 -c 1"};
}

Answer stray_bytes(const Judged& run) {
    const std::uint64_t times = run.r.errors.stray.value_or(0);
    if (times == 0) return {};
    return Found{fmt::format("{} times bytes came that no request asked for", times),
                 "the server sends more than its replies say: is its Content-Length that of the "
                 "body, in bytes?"};
}

Answer unbalanced(const Judged& run) {
    if (run.r.accounting.balanced() && run.r.total.balanced()) return {};
    return Found{
        "scheduled = sent + unsent, or sent = completed + failed + timed out + in flight, does not "
        "hold",
        "this is a mistake in the generator: please report it with the JSON"};
}

// What failed or was given up may or may not have been counted by the server.
Answer counted_otherwise(const Judged& run) {
    if (!run.c.server_requests) return {};
    const Accounting& t = run.r.total;
    const std::uint64_t most = t.completed + t.failed + t.timed_out + t.in_flight;
    if (*run.c.server_requests >= t.completed && *run.c.server_requests <= most) return {};
    return Found{fmt::format("the server counted {} requests, the client {} completed of {} sent",
                             *run.c.server_requests, t.completed, most),
                 "nobody else may use the server during the run; repeat it with a fresh server"};
}

// A closed loop without churn, losses or starved connections: N = X (R + Z).
Answer against_littles_law(const Judged& run) {
    const RunResult& r = run.r;
    const VerdictContext& c = run.c;
    if (c.open_loop || c.concurrency == 0 || !r.latency_us.mean || !(r.duration_s > 0)) return {};
    if (r.accounting.failed + r.accounting.timed_out > 0) return {};
    if (r.connections.served < c.connections) return {};
    const double n = as_double(c.concurrency);
    if (as_double(r.requests) < limits::kLittleRequests * n) return {};
    const double held = r.throughput_rps * (*r.latency_us.mean * 1e-6 + c.think_s);
    const double off = std::abs(n - held) / n;
    // Of those under way at the window's ends, each counts whole at the one and not at the other.
    const double longest = r.latency_us.max.value_or(0) * 1e-6 + c.think_s;
    const double at_the_ends = longest / r.duration_s;
    if (off <= limits::kLittle + at_the_ends) return {};
    return Found{
        fmt::format("Little's law is off by {}: {} in flight, but throughput x "
                    "(latency + think time) = {}",
                    percent(off), format_plural(c.concurrency, "request"), format_count(held)),
        "the run's figures don't fit each other; give the generator CPUs of its own "
        "(--cpus), and report it if it stays"};
}

// "404 (1,200), 503 (3)": of the replies with such codes, the commonest first.
std::string codes_where(const RunResult& r, const auto& wanted) {
    std::vector<std::pair<std::uint64_t, std::string>> codes;
    if (r.status_codes) {
        for (const auto& [code, count] : *r.status_codes) {
            if (wanted(code)) codes.emplace_back(count, code);
        }
    }
    std::sort(codes.rbegin(), codes.rend());
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(codes.size(), 3); ++i) {
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", codes[i].second,
                            format_exact_count(codes[i].first));
    }
    return text;
}

// What to do about replies that failed by their status.
std::string advice_on_status(const Judged& run) {
    const std::string expected =
        run.c.expected_status > 0 ? fmt::format("{}", run.c.expected_status) : std::string();
    const auto failed = [&](const std::string& code) {
        return expected.empty() ? code >= "400" : code != expected;
    };
    const auto error = [&](const std::string& code) { return failed(code) && code >= "400"; };
    if (!codes_where(run.r, error).empty()) {
        return fmt::format(
            "the server answered with status {}: is the path right, and is it "
            "overloaded? curl -i shows the reply",
            codes_where(run.r, failed));
    }
    const std::string others =
        codes_where(run.r, [&](const std::string& code) { return code != expected; });
    return fmt::format(
        "the server answered with status {}, not with the expected {}: give another "
        "--expect-status or another path (curl -i shows the reply)",
        others, expected.empty() ? "one" : expected);
}

struct Lost {
    std::uint64_t requests = 0;
    double share = 0;
    std::string text;
};
Lost lost(const RunResult& r) {
    const Accounting& a = r.accounting;
    Lost lost{a.failed + a.timed_out, 0, {}};
    lost.share = share(as_double(lost.requests), as_double(a.sent));
    lost.text = fmt::format("{} of {} failed ({} timed out), {}", format_exact_count(lost.requests),
                            format_plural(a.sent, "request"), format_exact_count(a.timed_out),
                            percent(lost.share));
    return lost;
}

// What to do about them, by what most of them failed of.
std::string advice_for(const Judged& run, const Lost& these) {
    const RunResult& r = run.r;
    const double most = 0.9 * as_double(these.requests);
    if (as_double(r.errors.status) >= most) return advice_on_status(run);
    if (as_double(r.errors.protocol + r.errors.closed) >= most && r.protocol_fault) {
        return fmt::format("replies could not be read: {}; curl -i shows one", *r.protocol_fault);
    }
    // Not an accident now and then, but what the server does.
    if (as_double(r.errors.closed) >= most && these.share > limits::kClosedShare) {
        return r.requests == 0
                   ? "the server closes connections instead of replying: look into its log"
                   : "the server closes connections after its replies without saying so: use "
                     "--requests-per-connection 1";
    }
    return "see the error counts by kind; lower the load or raise --timeout";
}

Answer nothing_completed(const Judged& run) {
    if (run.r.requests > 0) return {};
    const Lost these = lost(run.r);
    return Found{"no request completed in the window",
                 these.requests > 0 ? advice_for(run, these)
                                    : "check the address with curl or nc; a longer --duration "
                                      "where replies are slow"};
}

Answer many_failed(const Judged& run) {
    const Lost these = lost(run.r);
    if (run.r.requests == 0 || these.share <= limits::kFailedShare) return {};
    return Found{these.text, advice_for(run, these)};
}

Answer some_failed(const Judged& run) {
    const Lost these = lost(run.r);
    if (run.r.requests == 0 || these.requests == 0 || these.share > limits::kFailedShare) return {};
    return Found{these.text, advice_for(run, these)};
}

// 304 answers a condition that the user's header set.
Answer redirected(const Judged& run) {
    if (!run.r.status_codes) return {};
    std::uint64_t redirects = 0;
    std::string first;
    for (const auto& [code, count] : *run.r.status_codes) {
        if (code < "300" || code >= "400" || code == "304") continue;
        redirects += count;
        if (first.empty()) first = code;
    }
    if (redirects == 0) return {};
    return Found{
        fmt::format("{} replies are redirects ({}), which are not followed", redirects, first),
        "what was measured is the redirect: give the URL that it points to (curl -i)"};
}

Answer connects_failed(const Judged& run) {
    if (run.r.errors.connect == 0) return {};
    return Found{fmt::format("{} connects failed", run.r.errors.connect),
                 "check the server's --max-connections, --backlog and descriptor limit"};
}

}  // namespace

std::vector<VerdictRow> rows_of_books() {
    constexpr auto kInvalid = Severity::invalid;
    constexpr auto kFlag = Severity::flag;
    return {
        {"integrity", kInvalid, "a reply byte is wrong", wrong_reply},
        {"integrity", kInvalid, "bytes came that nobody asked for", stray_bytes},
        {"integrity", kInvalid, "the books don't balance", unbalanced},
        {"integrity", kInvalid, "client and server totals differ", counted_otherwise},
        {"integrity", kInvalid,
         fmt::format("Little's law is off by more than {} plus the longest latency's share of the "
                     "window, for which a request at one of its ends may count or not",
                     percent(limits::kLittle)),
         against_littles_law},
        {"failures", kInvalid, "nothing completed", nothing_completed},
        {"failures", kInvalid,
         fmt::format("failed + timed out > {} of sent", percent(limits::kFailedShare)),
         many_failed},
        {"failures", kFlag, "a request failed", some_failed},
        {"failures", kFlag, "a connect failed", connects_failed},
        {"failures", kFlag, "a reply is a redirect", redirected},
    };
}

}  // namespace echotrio::loadgen
