#include "loadgen/engine/prepared.hpp"

#include "common/base/rng.hpp"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cctype>
#include <numeric>

namespace echotrio::loadgen {
namespace {

// Half of the 28,232 ports that the kernel hands out by default for one source, destination and
// port: it takes those with an even number first, and then looks through all of these for each
// connection (24 us become 3 ms; docs/scale.md).
constexpr std::uint64_t kConnectionsPerSource = 14'000;
// Connections that are opened and closed all the time leave ports behind in TIME_WAIT.
constexpr std::uint64_t kSourcesForChurn = 16;
// Generators of one machine take their sources so far apart: 16 Mi addresses are enough for the
// most generators, 10,000, and as many connections as one may have.
constexpr std::uint64_t kSourcesPerGenerator = 1'000;

std::string make_pattern(std::uint64_t size, std::uint64_t seed) {
    Rng rng(seed ^ 0x7061747465726eULL);
    std::string pattern(size + Prepared::kOffsets, '\0');
    for (char& c : pattern) {
        // No capital letter: the first byte of a connection must not look like an HTTP method.
        do {
            c = static_cast<char>(rng.next() >> 56U);
        } while (c >= 'A' && c <= 'Z');
    }
    return pattern;
}

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const auto high = hex_digit(text[i + 1]);
            const auto low = hex_digit(text[i + 2]);
            if (high && low) {
                out.push_back(static_cast<char>(*high * 16 + *low));
                i += 2;
                continue;
            }
        }
        out.push_back(text[i]);
    }
    return out;
}

PreparedRequest prepare_http(const RunOptions& options, const std::string& path) {
    const bool has_body = !options.body.empty();
    const std::string method = !options.method.empty() ? options.method : has_body ? "POST" : "GET";
    std::string head = fmt::format("{} {} HTTP/1.1\r\n", method, path);
    if (!has_header(options.headers, "host")) {
        head += fmt::format("Host: {}\r\n", host_field(options.target.where));
    }
    for (const std::string& line : options.headers) head += line + "\r\n";
    const bool sized = has_header(options.headers, "content-length");
    if (!sized && (has_body || method == "POST" || method == "PUT")) {
        head += fmt::format("Content-Length: {}\r\n", options.body.size());
    }
    PreparedRequest request;
    request.method = method;
    request.path = path;
    request.keep = head + "\r\n" + options.body;
    if (!has_header(options.headers, "connection")) head += "Connection: close\r\n";
    request.close = head + "\r\n" + options.body;
    request.head = method == "HEAD";

    const std::string_view bare = std::string_view(path).substr(0, path.find('?'));
    constexpr std::string_view kEchoText = "/echo/";
    if (bare == "/echo" && (method == "POST" || method == "PUT")) {
        request.check = options.check_replies;
        request.reply = options.body;
    } else if (bare.starts_with(kEchoText) && method == "GET") {
        request.check = options.check_replies;
        request.reply = percent_decoded(bare.substr(kEchoText.size()));
    }
    return request;
}

// 127.0.0.1, 127.0.0.2 ...: all of 127.0.0.0/8 is this machine. Several generators may be there,
// too.
std::vector<net::Address> loopback_sources(const net::Address& target, const RunOptions& options) {
    std::vector<net::Address> sources;
    if (target.storage.ss_family != AF_INET) return sources;
    const auto* to = reinterpret_cast<const sockaddr_in*>(&target.storage);
    if (ntohl(to->sin_addr.s_addr) >> 24U != 127) return sources;
    const std::uint64_t least = options.requests_per_connection > 0 ? kSourcesForChurn : 1;
    const std::uint64_t count =
        std::max(least, (options.connections + options.idle) / kConnectionsPerSource + 1);
    if (count == 1 && options.generator == 0) return sources;
    const std::uint64_t first = 0x7f000001U + options.generator * kSourcesPerGenerator;
    for (std::uint64_t i = 0; i < count; ++i) {
        net::Address source;
        sockaddr_in from{};
        from.sin_family = AF_INET;
        from.sin_addr.s_addr = htonl(static_cast<std::uint32_t>(first + i));
        *reinterpret_cast<sockaddr_in*>(&source.storage) = from;
        source.length = sizeof from;
        sources.push_back(source);
    }
    return sources;
}

// Of a replay all of HTTP but the requests themselves.
void expect_replies_to_a_record(Prepared& prepared) {
    prepared.http.resize(2);
    prepared.http[1].head = true;
    prepared.class_limits = {1.0, 1.0};
}

}  // namespace

bool has_header(const std::vector<std::string>& headers, std::string_view name) {
    return std::any_of(headers.begin(), headers.end(), [&](const std::string& line) {
        return line.size() > name.size() && line[name.size()] == ':' &&
               std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
                   return std::tolower(static_cast<unsigned char>(a)) ==
                          std::tolower(static_cast<unsigned char>(b));
               });
    });
}

Result<Prepared> prepare_load(const RunOptions& options) {
    if (const Status checked = check_options(options); !checked) return checked.error();
    Prepared prepared;
    prepared.options = &options;
    auto target = net::reachable(options.target.where, options.timeout);
    if (!target) return target.error();
    prepared.target = *target;
    prepared.sources = loopback_sources(*target, options);
    prepared.raw = options.target.scheme == Scheme::tcp;
    if (options.replay) prepared.recorded.emplace(options);
    const std::uint64_t bytes = prepared.raw ? options.size : options.body.size();
    prepared.bytes = static_cast<std::uint32_t>(bytes);
    if (prepared.raw) {
        const std::uint64_t longest =
            options.replay ? std::max<std::uint64_t>(bytes, options.replay->recording->most_bytes())
                           : bytes;
        prepared.pattern = make_pattern(longest, options.seed);
        prepared.class_limits = {1.0};
        return prepared;
    }
    if (options.replay) {
        expect_replies_to_a_record(prepared);
        return prepared;
    }
    std::vector<RequestClass> classes = options.classes;
    if (classes.empty()) classes.push_back({"", 1, options.target.path});
    const double sum = std::accumulate(classes.begin(), classes.end(), 0.0,
                                       [](double s, const auto& c) { return s + c.weight; });
    double cumulated = 0;
    for (const RequestClass& one : classes) {
        prepared.http.push_back(prepare_http(options, one.path));
        cumulated += one.weight / sum;
        prepared.class_limits.push_back(cumulated);
    }
    prepared.class_limits.back() = 1;
    return prepared;
}

}  // namespace echotrio::loadgen
